"""The table of docs/faults.md, a line per fault, which the tests of this folder fill.

Each test files the line that it has measured: it must be the one of the page. With ASSTCTL_UPDATE_GOLDEN=1 it becomes
the one of the page; read the difference before you commit it.
"""

import os
from dataclasses import astuple, dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
UPDATE = bool(os.environ.get("ASSTCTL_UPDATE_GOLDEN"))  # read now: tests run in a clean environment

FAULTS = (
    "the answer to a create is lost",
    "500 after a create took effect",
    "500 before a create took effect",
    "the answer to a create comes after the time limit",
    "the answer to an update is lost",
    "500 after an update took effect",
    "the answer to a delete is lost",
    "500 after a delete took effect",
    "429 to the first two tries of each write, with `Retry-After`",
    "429 to every write",
    "one object of ten is rejected with 400",
    "one object of ten is rejected with 422",
    "the server is gone in the middle (kill -9 after a commit)",
    "asstctl is gone: kill -9 at each of 50 creates in turn",
    "asstctl is gone: kill -9 at each of 50 updates in turn",
    "listings show new objects 5 s late, and an answer is lost",
    "listings show changes 5 s late",
    "listings show new objects 5 s late, two applies in a row",
    "a listing ignores its cursor",
    "a listing never ends",
    "between plan and apply: an object is edited",
    "between plan and apply: an object is deleted",
    "between plan and apply: the address is created elsewhere",
    "between plan and apply: the name is given to a foreign object",
    "a dashboard copy of an object, younger",
    "a dashboard copy of an object, older",
    "the mark is removed by hand",
    "the server drops metadata",
    "the answer to an upload is lost",
    "a file that replaces another cannot be processed",
    "a store is deleted while its files are uploaded",
    "asstctl is gone: kill -9 at each write of filling a store of five files",
    "asstctl is gone: kill -9 at each write of replacing its five files",
)
"""Every fault, in the order of the page."""

HEAD = ("Fault", "What asstctl does", "Outcomes", "Objects afterwards", "Writes", "Exit code", "Next apply", "After it")


@dataclass(frozen=True, slots=True)
class Row:
    """One line, every cell as people read it."""

    fault: str
    does: str
    outcomes: str
    objects: str
    writes: str
    exit_code: str
    next_apply: str
    after_it: str

    def __str__(self) -> str:
        return f"| {' | '.join(astuple(self))} |"


def file(row: Row) -> None:
    """Hold a measured line against the page's."""
    assert row.fault in FAULTS
    if UPDATE:
        _write({**lines(), row.fault: str(row)})
    assert lines().get(row.fault) == str(row)


def lines() -> dict[str, str]:
    """The lines of the page, by fault."""
    found = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    return {line.split(" | ")[0].removeprefix("| "): line for line in found[1:]}


def _write(known: dict[str, str]) -> None:
    text = PAGE.read_text("utf-8").splitlines()
    start = next(number for number, line in enumerate(text) if line.startswith("| "))
    end = next((number for number in range(start, len(text)) if not text[number].startswith("|")), len(text))
    head = [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    table = [*head, *(known[fault] for fault in FAULTS if fault in known)]
    PAGE.write_text("\n".join([*text[:start], *table, *text[end:]]) + "\n", "utf-8")
