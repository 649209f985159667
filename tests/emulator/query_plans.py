"""How SQLite finds what a request asks for."""

from tests.emulator.harness import Api


async def plans_of(api: Api, path: str, body: object = None) -> dict[str, list[str]]:
    """How the database finds the rows of each statement that a request asks of it."""
    connection = api.emulator.services.store.connection
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    answered = await api.send("GET" if body is None else "POST", path, body)
    connection.set_trace_callback(None)
    assert answered.is_success, answered.text
    lookups = filter(_is_lookup, statements)
    return {each: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {each}")] for each in lookups}


def is_slow(step: str) -> bool:
    return "TEMP B-TREE" in step or (step.startswith("SCAN") and " INDEX " not in step)


def _is_lookup(statement: str) -> bool:
    """The full-text index is one itself, and what is grouped are the few rows of one object."""
    looks = statement.startswith(("SELECT", "UPDATE", "DELETE")) and " WHERE " in statement
    return looks and "chunk_words" not in statement and "GROUP BY" not in statement
