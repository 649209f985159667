"""The database's schema as an ordered list of steps; `PRAGMA user_version` counts those already taken.

A step that has been released is never edited: a change is a new step at the end. Objects are kept as JSON text beside
the few columns that are searched by, so a new field of an object needs no step.
"""

import sqlite3
from collections.abc import Callable

from asstctl.emulator.errors import DatabaseTooNew

Step = str | Callable[[sqlite3.Connection], None]

_FIRST = """
CREATE TABLE assistants (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL
) STRICT;
CREATE TABLE threads (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL
) STRICT;
CREATE TABLE messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
  run_id TEXT, body TEXT NOT NULL
) STRICT;
CREATE INDEX messages_of_thread ON messages (thread_id);
CREATE INDEX messages_of_run ON messages (run_id) WHERE run_id IS NOT NULL;
CREATE TABLE runs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
  status TEXT NOT NULL, expires_at INTEGER, lease_owner TEXT, lease_until REAL, body TEXT NOT NULL
) STRICT;
CREATE INDEX runs_of_thread ON runs (thread_id);
CREATE UNIQUE INDEX one_active_run ON runs (thread_id)
  WHERE status IN ('queued', 'in_progress', 'requires_action', 'cancelling');
CREATE TABLE steps (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, body TEXT NOT NULL
) STRICT;
CREATE INDEX steps_of_thread ON steps (thread_id);
CREATE INDEX steps_of_run ON steps (run_id);
"""

_RUNS = """
ALTER TABLE threads ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN user_messages INTEGER NOT NULL DEFAULT 0;
UPDATE threads SET
  messages = (SELECT count(*) FROM messages WHERE thread_id = threads.id),
  user_messages = (SELECT count(*) FROM messages WHERE thread_id = threads.id
    AND json_extract(body, '$.role') = 'user');
ALTER TABLE runs ADD COLUMN notes TEXT NOT NULL DEFAULT '{}';
UPDATE runs SET
  notes = json_object('assistant_name', json_extract(body, '$._assistant_name')),
  body = json_remove(body, '$._assistant_name');
ALTER TABLE steps ADD COLUMN notes TEXT NOT NULL DEFAULT '{}';
UPDATE steps SET
  notes = json_object('usage', json(json_extract(body, '$._usage'))),
  body = json_remove(body, '$._usage')
  WHERE json_extract(body, '$._usage') IS NOT NULL
"""

_FILES = """
CREATE TABLE files (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  purpose TEXT NOT NULL, expires_at INTEGER, body TEXT NOT NULL
) STRICT;
CREATE INDEX files_of_purpose ON files (purpose);
CREATE INDEX files_that_expire ON files (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE uploads (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL, expires_at INTEGER NOT NULL, notes TEXT NOT NULL DEFAULT '{}', body TEXT NOT NULL
) STRICT;
CREATE INDEX open_uploads ON uploads (expires_at) WHERE status = 'pending';
CREATE TABLE upload_parts (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  upload_id TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
  bytes INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX parts_of_upload ON upload_parts (upload_id);
CREATE TABLE deleted_models (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID
"""

# What a batch counted stays, whatever later becomes of its files; `ended` is how a file stood when the batch lost it.
# The full-text index over the chunks is made when it is first needed: not every SQLite has it. See knowledge/index.py.
_KNOWLEDGE = """
CREATE TABLE vector_stores (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL
) STRICT;
CREATE TABLE file_batches (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  vector_store_id TEXT NOT NULL REFERENCES vector_stores (id) ON DELETE CASCADE,
  cancelled INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL
) STRICT;
CREATE INDEX batches_of_store ON file_batches (vector_store_id);
CREATE TABLE store_files (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL,
  vector_store_id TEXT NOT NULL REFERENCES vector_stores (id) ON DELETE CASCADE,
  filename TEXT NOT NULL, status TEXT NOT NULL, usage_bytes INTEGER NOT NULL,
  lease_owner TEXT, lease_until REAL, body TEXT NOT NULL,
  UNIQUE (vector_store_id, id)
) STRICT;
CREATE INDEX stores_of_file ON store_files (id);
CREATE INDEX files_of_store ON store_files (vector_store_id);
CREATE INDEX counts_of_store ON store_files (vector_store_id, status, seq, usage_bytes);
CREATE INDEX waiting_files ON store_files (seq) WHERE status = 'in_progress';
CREATE TABLE batch_files (
  batch_id TEXT NOT NULL REFERENCES file_batches (id) ON DELETE CASCADE, file_seq INTEGER NOT NULL,
  times INTEGER NOT NULL, ended TEXT,
  PRIMARY KEY (batch_id, file_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX batches_of_file ON batch_files (file_seq);
CREATE TABLE chunks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, file_seq INTEGER NOT NULL,
  repeated INTEGER NOT NULL, indexed INTEGER NOT NULL, text TEXT NOT NULL
) STRICT;
CREATE INDEX chunks_of_file ON chunks (file_seq, id);
CREATE INDEX chunks_not_indexed ON chunks (id) WHERE indexed = 0;
CREATE TABLE dropped_chunks (file_seq INTEGER PRIMARY KEY) STRICT
"""

_AGENTS = """
CREATE TABLE agents (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL
) STRICT;
CREATE TABLE agent_sessions (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, agent_id TEXT,
  status TEXT NOT NULL, lease_owner TEXT, lease_until REAL, body TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_of_agent ON agent_sessions (agent_id);
CREATE INDEX busy_sessions ON agent_sessions (id) WHERE status = 'in_progress';
CREATE TABLE agent_turns (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  session_id TEXT NOT NULL REFERENCES agent_sessions (id) ON DELETE CASCADE, body TEXT NOT NULL
) STRICT;
CREATE INDEX turns_of_session ON agent_turns (session_id);
CREATE TABLE agent_items (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  session_id TEXT NOT NULL REFERENCES agent_sessions (id) ON DELETE CASCADE,
  turn_id TEXT NOT NULL REFERENCES agent_turns (id) ON DELETE CASCADE, body TEXT NOT NULL
) STRICT;
CREATE INDEX items_of_session ON agent_items (session_id);
CREATE INDEX items_of_turn ON agent_items (turn_id)
"""

STEPS: tuple[Step, ...] = (_FIRST, _RUNS, _FILES, _KNOWLEDGE, _AGENTS)


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Take the steps that are missing, in one transaction: two processes may open one file at once."""
    if version_of(connection) == len(STEPS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = version_of(connection)
        if found > len(STEPS):
            raise DatabaseTooNew(name, found, len(STEPS))
        for step in STEPS[found:]:
            if isinstance(step, str):
                # executescript() would commit the transaction first.
                for statement in step.split(";\n"):
                    connection.execute(statement)
            else:
                step(connection)
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def version_of(connection: sqlite3.Connection) -> int:
    """How many steps a database has taken."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
