"""Files of a vector store: every pair of what is declared and what is there, and what is done about it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.change import FileAction
from asstctl.core.knowledge import KnowledgeFile, StoreFile, attributes_for
from asstctl.engine.planning.files import diff_files, removals
from tests.engine.paper import HANDBOOK, Paper, done, known, store

STATIC = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}


def there(id: str, wanted: KnowledgeFile, status: str = "completed", at: int = 0, **rest: Any) -> StoreFile:
    """A live file as an apply of this declared one left it."""
    return StoreFile(id, at, status, attributes_for(wanted), wanted.chunking, **rest)


OLD, NEW = known("a.md", "o"), known("a.md", "n")
FOREIGN = StoreFile("foreign", 0, "completed", {"lang": "zh"})
TABLE: list[Any] = [
    pytest.param([NEW], [], [("add", "a.md", ())], id="not there"),
    pytest.param([NEW], [there("1", NEW)], [], id="there"),
    pytest.param([NEW], [there("1", NEW, "in_progress")], [], id="on its way"),
    pytest.param([NEW], [there("1", OLD)], [("replace", "a.md", ("1",))], id="other content"),
    pytest.param([NEW], [there("1", NEW, "failed")], [("reattach", "a.md", ("1",))], id="failed"),
    pytest.param([NEW], [there("1", NEW, "cancelled")], [("reattach", "a.md", ("1",))], id="cancelled"),
    pytest.param([NEW], [there("1", OLD, "failed")], [("add", "a.md", ("1",))], id="other content, which failed"),
    pytest.param(
        [NEW],
        [there("1", OLD), there("2", NEW, "failed", 1)],
        [("reattach", "a.md", ("2",)), ("remove", "a.md", ("1",))],
        id="replaced in vain",
    ),
    pytest.param(
        [NEW],
        [there("1", NEW, "failed"), there("2", OLD, at=1)],
        [("reattach", "a.md", ("1",)), ("remove", "a.md", ("2",))],
        id="taken back to what failed",
    ),
    pytest.param([NEW], [there("1", OLD), there("2", NEW, at=1)], [("remove", "a.md", ("1",))], id="half replaced"),
    pytest.param([NEW], [there("1", NEW), there("2", NEW, at=1)], [("remove", "a.md", ("1",))], id="twice"),
    pytest.param(
        [NEW],
        [there("1", NEW), there("2", NEW, "in_progress", 1)],
        [("remove", "a.md", ("2",))],
        id="what is processed stays",
    ),
    pytest.param(
        [known("a.md", lang="zh")], [there("1", known("a.md"))], [("relabel", "a.md", ("1",))], id="an attribute"
    ),
    pytest.param([known("a.md", page=1)], [there("1", known("a.md", page=1.0))], [], id="1 and 1.0"),
    pytest.param(
        [known("a.md", page=1)], [there("1", known("a.md", page=True))], [("relabel", "a.md", ("1",))], id="1 and true"
    ),
    pytest.param(
        [known("a.md", chunking=STATIC)], [there("1", known("a.md"))], [("reattach", "a.md", ("1",))], id="chunking"
    ),
    pytest.param(
        [known("a.md", chunking=STATIC, lang="zh")],
        [there("1", known("a.md"))],
        [("reattach", "a.md", ("1",))],
        id="chunking and an attribute",
    ),
    pytest.param(
        [known("a.md", lang="zh")],
        [there("1", known("a.md")), there("2", known("a.md"), at=1)],
        [("relabel", "a.md", ("2",)), ("remove", "a.md", ("1",))],
        id="an attribute, twice there",
    ),
    pytest.param([], [there("1", NEW)], [("remove", "a.md", ("1",))], id="no longer declared"),
    pytest.param(
        [], [there("1", OLD), there("2", NEW, "failed", 1)], [("remove", "a.md", ("1", "2"))], id="all of a path"
    ),
    pytest.param([], [FOREIGN], [], id="foreign"),
    pytest.param([NEW], [FOREIGN], [("add", "a.md", ())], id="beside a foreign one"),
    pytest.param(
        [known("b.md"), known("c.md")],
        [there("1", known("a.md"))],
        [("remove", "a.md", ("1",)), ("add", "b.md", ()), ("add", "c.md", ())],
        id="by path",
    ),
]


@pytest.mark.parametrize("declared, live, expected", TABLE)
def test_files_are_changed_as_the_table_says(
    declared: Sequence[KnowledgeFile], live: Sequence[StoreFile], expected: list[Any]
) -> None:
    """Action, path and the live ids that it is about; never a foreign one."""
    found = diff_files(declared, live)

    assert [(one.action.value, one.path, one.ids) for one in found.changes] == expected
    assert "foreign" not in {id for one in found.changes for id in one.ids}
    assert found.unchanged == len(declared) - len({one.path for one in found.changes if one.file})


def test_the_reason_of_a_failed_predecessor_is_said() -> None:
    """With what the provider said of it."""
    (change,) = diff_files([NEW], [there("1", NEW, "failed", error="no text in it")]).changes

    assert change.reason == "processing of 1 failed: no text in it"
    assert change.upload_bytes == 0


def test_older_uploads_wait_for_the_one_that_stays() -> None:
    """Only once it is completed is nothing lost."""
    (change,) = diff_files([NEW], [there("1", OLD), there("2", NEW, "in_progress", 1)]).changes

    assert (change.action, change.ids, change.awaits) == (FileAction.REMOVE, ("1",), "2")
    assert change.upload_bytes == 0


def test_a_deleted_store_takes_the_files_of_ours_with_it() -> None:
    """And leaves the uploads of others."""
    assert [one.ids for one in removals([there("1", OLD), FOREIGN, there("2", NEW, "failed")])] == [("1", "2")]


def test_a_store_whose_files_differ_is_an_update_that_does_not_write_the_store() -> None:
    """It has no field changes."""
    paper = Paper()
    paper.apply(store(files=[OLD]))
    plan = paper.plan(store(files=[NEW, known("b.md")]))
    (change,) = plan.pending

    assert (change.fields, change.writes_object, change.files_unchanged) == ((), False, 0)
    assert change.reason == "files differ"
    paper.apply(store(files=[NEW, known("b.md")]))
    paper.settled(store(files=[NEW, known("b.md")]))


def test_a_stale_mark_of_a_store_is_refreshed_beside_its_files() -> None:
    """Or the next apply would write again."""
    paper = Paper()
    paper.apply(store(files=[OLD]))
    paper.edit(paper.one(HANDBOOK).id, name="docs")
    (change,) = paper.apply(store(name="docs", files=[NEW])).changes

    assert (change.fields, change.refresh, change.writes_object) == ((), True, True)
    paper.settled(store(name="docs", files=[NEW]))


@pytest.mark.parametrize("silent", [{"files": None}, {"files": [NEW], "ignored": frozenset({"files"})}])
def test_files_that_are_not_declared_or_ignored_are_left_alone(silent: dict[str, Any]) -> None:
    """Whatever is there."""
    paper = Paper()
    paper.apply(store(files=[OLD]))

    paper.settled(store(**silent))


def test_ignored_files_are_given_to_a_new_store() -> None:
    """As every ignored field is: from then on they are left alone."""
    paper = Paper()
    (change,) = paper.apply(store(files=[OLD], ignored=frozenset({"files"}))).changes

    assert [(one.action, one.path) for one in change.files] == [(FileAction.ADD, "a.md")]
    paper.settled(store(files=[NEW], ignored=frozenset({"files"})))


def test_no_files_at_all_takes_away_what_is_ours() -> None:
    """An empty list is a declaration."""
    paper = Paper()
    paper.apply(store(files=[OLD]))
    id = paper.one(HANDBOOK).id
    paper.files[id] = (*paper.files[id], FOREIGN)
    paper.apply(store(files=[]))

    assert [file.id for file in paper.files[id]] == ["foreign"]


def test_a_new_store_gets_all_of_its_files() -> None:
    """They are counted with their bytes."""
    plan = Paper().plan(store(files=[OLD, replace(NEW, file=replace(NEW.file, path="b.md"))]))

    assert done(plan) == {"vector_store.handbook": "create"}
    assert [(one.action.value, one.upload_bytes) for one in plan.changes[0].files] == [("add", 1), ("add", 1)]


PATHS, CONTENTS = st.sampled_from(["a.md", "b.md"]), st.sampled_from(["x", "y"])
DECLARED = st.dictionaries(
    PATHS, st.tuples(CONTENTS, st.sampled_from([None, STATIC]), st.sampled_from([{}, {"lang": "zh"}]))
)
HELD = st.lists(
    st.tuples(
        PATHS,
        CONTENTS,
        st.sampled_from(["completed", "in_progress", "failed", "cancelled"]),
        st.sampled_from([None, STATIC]),
        st.integers(0, 3),
    ),
    max_size=5,
)


@given(DECLARED, HELD)
def test_whatever_is_there_one_apply_settles_it_and_touches_nothing_foreign(
    declared: dict[str, Any], held: list[Any]
) -> None:
    """Each declared path is there once, processed or on its way, with the declared content."""
    wanted = [known(path, content, chunking=chunking, **rest) for path, (content, chunking, rest) in declared.items()]
    live = [
        there(str(number), known(path, content, chunking=chunking), status, at)
        for number, (path, content, status, chunking, at) in enumerate(held)
    ]
    paper = Paper()
    paper.apply(store(files=None))
    id = paper.one(HANDBOOK).id
    paper.files[id] = (FOREIGN, *live)
    paper.apply(store(files=wanted))
    now = [file for file in paper.files[id] if file is not FOREIGN]

    paper.settled(store(files=wanted))
    assert FOREIGN in paper.files[id]
    assert sorted((file.path, file.attributes["asstctl_sha256"]) for file in now) == sorted(
        (one.file.path, one.file.sha256) for one in wanted
    )
    assert {file.status for file in now} <= {"completed", "in_progress"}


@given(DECLARED, HELD)
def test_nothing_that_is_processed_goes_before_its_successor_is(declared: dict[str, Any], held: list[Any]) -> None:
    """What goes alone waits for what stays."""
    wanted = [known(path, content) for path, (content, _, _) in declared.items()]
    live = {
        str(number): there(str(number), known(path, content), status, at)
        for number, (path, content, status, _, at) in enumerate(held)
    }
    for change in diff_files(wanted, live.values()).changes:
        if change.action is FileAction.REMOVE and change.path in declared:
            stays = [file for id, file in live.items() if file.path == change.path and id not in change.goes]
            assert [file.id for file in stays if file.status != "completed"] == (
                [change.awaits] if change.awaits else []
            )
            assert len(stays) == 1
