"""Code-interpreter files: which live id is which file, told by the mark alone, and where each case stands."""

from collections.abc import Sequence
from typing import Any

import pytest

from asstctl.core.knowledge import LocalFile
from asstctl.engine.planning.policy import Policy
from asstctl.engine.planning.resolve import CODE_FILES, CODE_KEY, identity, is_upload_of_ours
from tests.engine.paper import GUAGUA, Paper, assistant, local, states

ALL = Policy(overwrite_drift=frozenset({"all"}))
A, B, A2 = local("data/a.csv", "a"), local("data/b.csv", "b"), local("data/a.csv", "x")
MOVED = local("elsewhere/a.csv", "a")
RAW, OTHER = "file-raw", "file-other"


def applied(*files: LocalFile | str) -> Paper:
    paper = Paper()
    paper.apply(assistant(code=files))
    paper.settled(assistant(code=files))
    return paper


def held(paper: Paper) -> list[str]:
    value: Any = paper.one(GUAGUA).fields[CODE_FILES]
    return sorted(value[CODE_KEY])


KEEP = None
TABLE = [
    # applied, live (a function of what was applied), declared, state, uploads
    pytest.param((A, B), KEEP, (A, B), None, 0, id="nothing changed"),
    pytest.param((A, B), KEEP, (B, A), None, 0, id="another order"),
    pytest.param((A, RAW), KEEP, (A, RAW), None, 0, id="a raw id beside a file"),
    pytest.param((A,), KEEP, (MOVED,), None, 0, id="the same name and content elsewhere"),
    pytest.param((A, B), KEEP, (A,), "ours", 0, id="one fewer"),
    pytest.param((A,), KEEP, (A, B), "ours", 1, id="one more"),
    pytest.param((A, B), KEEP, (A2, B), "ours", 1, id="new content"),
    pytest.param((A, B), KEEP, (A, RAW), "ours", 0, id="a raw id for a file"),
    pytest.param((RAW,), KEEP, (OTHER,), "ours", 0, id="another raw id"),
    pytest.param((A, B), (OTHER,), (A, B), "drift", 2, id="other ids there"),
    pytest.param((A, B), (), (A, B), "drift", 2, id="none there"),
    pytest.param((A, B), ("+", OTHER), (A, B), "drift", 0, id="one more there, and ours are still known"),
    pytest.param((A, B), ("+", OTHER, "file-third"), (A, B), "drift", 0, id="two more there, and ours are known"),
    pytest.param((RAW,), (OTHER,), (RAW,), "drift", 0, id="another raw id there"),
    pytest.param((A, B), (OTHER,), (A, A2), "conflict", 2, id="other ids there, other files here"),
    pytest.param((A, B), ("+", OTHER), (A,), "conflict", 0, id="one more there, one fewer here"),
    pytest.param((RAW,), (OTHER,), (OTHER,), "stale", 0, id="the same raw id on both sides"),
]


@pytest.mark.parametrize("first, live, declared, state, uploads", TABLE)
def test_a_list_of_files_stands_where_the_table_says(
    first: tuple[Any, ...], live: Sequence[str] | None, declared: tuple[Any, ...], state: str | None, uploads: int
) -> None:
    """And the apply that follows settles it, with no upload that is not needed."""
    paper = applied(*first)
    if live is not None:
        ids = [*held(paper), *live[1:]] if live[:1] == ("+",) else [*live]
        paper.edit(paper.one(GUAGUA).id, updated={CODE_FILES: {CODE_KEY: ids}})
    before = len(paper.uploads)
    plan = paper.plan(assistant(code=declared))

    assert states(plan) == ({CODE_FILES: state} if state and state != "stale" else {})
    assert len(plan.stale_marks) == (state == "stale")
    paper.apply(assistant(code=declared), policy=ALL)
    assert len(paper.uploads) - before == uploads
    assert len(held(paper)) == len(declared)
    paper.settled(assistant(code=declared))


def test_a_file_that_goes_is_known_for_ours_and_a_raw_id_is_not() -> None:
    """Only uploads of ours are deleted once the field no longer holds them."""
    paper = applied(A, RAW)
    (change,) = paper.plan(assistant(code=[B])).changes
    ours = {id for id, digest in change.code_files.items() if is_upload_of_ours(id, digest)}

    assert set(change.code_files) == set(held(paper))
    assert ours == set(held(paper)) - {RAW}


def test_what_of_a_list_is_uploaded_already_is_named_by_its_id() -> None:
    """The rest is known after apply."""
    paper = applied(A)
    (change,) = paper.plan(assistant(code=[A, B])).changes
    sent: Any = change.send[CODE_FILES]

    assert change.late == {CODE_FILES}
    assert sent[CODE_KEY][0] == held(paper)[0]
    assert identity(sent[CODE_KEY][1]) == identity({"$file": "b.csv", "sha256": B.sha256})


def test_files_that_are_no_longer_declared_are_reset_and_leave_the_mark() -> None:
    """As any other field."""
    paper = applied(A)
    (change,) = paper.apply(assistant()).changes

    assert states_of(change) == {CODE_FILES: "ours"}
    assert change.mark is not None
    assert change.mark.files == ""
    assert len(change.code_files) == 1
    paper.settled(assistant())


def test_files_that_are_ignored_stay_in_the_mark() -> None:
    """Their digests are still those of the live ids."""
    paper = applied(A)
    (change,) = paper.apply(assistant(name="new", code=[B], ignored=frozenset({CODE_FILES}))).changes

    assert change.mark is not None
    assert len(change.mark.files) == 8
    assert CODE_FILES not in change.send


def states_of(change: Any) -> dict[str, str]:
    return {field.name: field.state.value for field in change.fields}
