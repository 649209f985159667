"""Migrations as their renderers see them: one that went well, one with everything that can be said of one, and one of
which nothing came."""

from collections.abc import Mapping

from asstctl.core.address import Address
from asstctl.core.migration import (
    Brought,
    BroughtThread,
    Fate,
    FieldFate,
    Migrated,
    Prospect,
    Unbrought,
)
from asstctl.core.pull import FileEdit, Taken

GUAGUA, TUTOR = Address("assistant", "guagua"), Address("assistant", "tutor")
EDITS = (
    FileEdit("asstctl.yaml", None, "version: 1\nproject: school\n"),
    FileEdit("assistants/guagua.yaml", None, "kind: assistant\n" * 12),
    FileEdit("assistants/tutor.md", None, "---\nkind: assistant\n---\nTeach."),
)
BROUGHT = (Brought(GUAGUA, "asst_xi4KvqarumvNarFA2jdwmzkb", "AGIClass Demo"), Brought(TUTOR, ""))

MODEL = FieldFate("model", Fate.CHANGED, "agents take fewer models: one that they do not take is refused")
COOL = FieldFate(
    "temperature",
    Fate.LOST,
    "the Agents API has no temperature",
    "remove it for this target: `targets: {openai: {temperature: null}}`",
    "assistant.temperature",
    "drop",
)
PROSPECT = Prospect(
    "openai",
    "openai",
    "Agents API",
    {
        GUAGUA: (
            FieldFate("name", Fate.MAPS),
            MODEL,
            FieldFate("tools.function", Fate.MAPS, names=("ask_database", "tell_time")),
            FieldFate(
                "tools.file_search",
                Fate.LOST,
                "the Agents API has no file search",
                "have a function of yours stand for it, which searches the vector store",
                "assistant.tools.file_search",
                {"function": "search_files"},
            ),
            FieldFate(
                "function.strict",
                Fate.LOST,
                "the Agents API has no strict functions",
                "leave out `strict`",
                "function.strict",
                "drop",
                ("ask_database",),
            ),
            COOL,
            FieldFate("extensions.a|b`c", Fate.LOST, "no provider but that of its own wire reads `extensions.a|b`"),
        ),
        TUTOR: (
            MODEL,
            FieldFate(
                "tools.code_interpreter",
                Fate.MOVED,
                "the Agents API has no code interpreter among an agent's tools",
                "have conversations open a hosted environment, which runs code",
                "assistant.tools.code_interpreter",
                "session",
            ),
            COOL,
        ),
    },
    notes=("The Agents API appends instructions to its own: replies and token counts differ.",),
)

MIGRATIONS: Mapping[str, Migrated] = {
    "migrate-written": Migrated(("saved",), EDITS, BROUGHT, folder="my school", written=True),
    "migrate-report": Migrated(
        ("saved", "old"),
        EDITS,
        BROUGHT,
        (
            BroughtThread("thread_abc", "assistants/conversations/thread_abc.convo.yaml", "guagua", 3),
            BroughtThread(
                "thread_def",
                "assistants/conversations/thread_def.convo.yaml",
                "guagua",
                1,
                ("turn 1: 2 images of its message not brought", "turn 1: `tell` was called, which is gone"),
            ),
        ),
        (
            Unbrought(
                "asst_sixteen",
                "its 16 metadata pairs leave no room for the mark, which takes 3 of 16",
                "keep 13 at most where it was saved, say by putting several into one, and migrate it again",
            ),
            Unbrought(
                "assistant.guagua: tools",
                "a tool of type <b>retrieval</b>|x cannot be declared, so that none of them is",
                "it stays where it was saved",
            ),
        ),
        ("saved/list.json is one page of a list that goes on: save what comes behind it too (after=asst_9)",),
        PROSPECT,
        adopting="old",
    ),
    "migrate-again": Migrated(
        ("old",), EDITS[1:], BROUGHT[:1], adopting="old", written=True, again=(Taken(GUAGUA, "temperature"),)
    ),
    "migrate-nothing": Migrated(
        ("one.json",), unbrought=(Unbrought("asst_1", "assistant.guagua has its name, and is declared already"),)
    ),
}
