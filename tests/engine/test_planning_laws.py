"""Laws of planning, on paper: what others add is nobody's, and a plan is empty exactly when nothing differs."""

from dataclasses import replace
from typing import Any

import pytest
from deepdiff import DeepDiff
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.change import Absent, Action
from asstctl.core.resource import Desired
from asstctl.engine.planning.classify import canonical_live, canonical_manifest
from asstctl.kinds import KINDS
from tests.engine.paper import GUAGUA, Paper, assistant, done, known, store

ASK = {"type": "function", "function": {"name": "ask", "parameters": {"type": "object", "properties": {}}}}
SEARCH: dict[str, Any] = {"type": "file_search", "file_search": {"max_num_results": 8}}
FORMAT = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}


def full() -> Desired:
    return assistant(
        name="a",
        tools=[ASK, SEARCH, {"type": "code_interpreter"}],
        response_format=FORMAT,
        stores=["handbook"],
        metadata={"team": "x"},
    )


INJECTED: list[Any] = [
    pytest.param({"brand_new": {"x": 1}}, id="the object"),
    pytest.param({"extensions.text": {"verbosity": "low"}}, id="an extension"),
    pytest.param({"tools": [{**ASK, "defer": True}, SEARCH, {"type": "code_interpreter"}]}, id="a tool"),
    pytest.param(
        {
            "tools": [
                {"type": "function", "function": {**ASK["function"], "new": 1}},
                SEARCH,
                {"type": "code_interpreter"},
            ]
        },  # type: ignore[dict-item]
        id="a function",
    ),
    pytest.param(
        {"tools": [ASK, {**SEARCH, "file_search": {"max_num_results": 8, "new": 1}}, {"type": "code_interpreter"}]},
        id="the settings of a tool",
    ),
    pytest.param({"response_format": {**FORMAT, "new": 1}}, id="a response format"),
    pytest.param(
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "a", "schema": {"type": "object"}, "new": 1},
            }
        },
        id="a named schema",
    ),
]


@pytest.mark.parametrize("unknown", INJECTED)
def test_what_a_provider_adds_is_nobodys(unknown: dict[str, Any]) -> None:
    """At every level; and an update of another field does not send it away."""
    paper = Paper()
    desired = (full(), store())
    paper.apply(*desired)
    id = paper.one(GUAGUA).id
    paper.edit(id, updated=unknown)

    paper.settled(*desired)
    plan = paper.apply(replace(full(), fields={**full().fields, "name": "b"}), store())
    assert set(plan.pending[0].send) == {"name", "metadata"}
    assert {name: paper.lives[id].fields[name] for name in unknown} == unknown


def test_an_unknown_tool_is_nobodys_where_tools_are_not_declared() -> None:
    """It is said once, and kept."""
    paper = Paper()
    paper.apply(assistant())
    paper.edit(paper.one(GUAGUA).id, tools=[{"type": "added_later"}])

    paper.settled(assistant())
    assert len(paper.plan(assistant()).notes) == 1


def test_an_unknown_tool_is_drift_where_tools_are_declared() -> None:
    """And blocks."""
    paper = Paper()
    paper.apply(assistant(tools=[ASK]))
    paper.edit(paper.one(GUAGUA).id, tools=[ASK, {"type": "added_later"}])

    assert done(paper.plan(assistant(tools=[ASK]))) == {"assistant.guagua": "blocked:drift"}


NUMBERS = st.sampled_from([0, 1, 1.0, 0.5, True, None])
TEXTS = st.sampled_from(["a", "a\r\nb", "a\nb", "", None])
TOOLS = st.lists(st.sampled_from([ASK, SEARCH, {"type": "code_interpreter"}, {"type": "added_later"}]), max_size=3)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXTS,
        "instructions": TEXTS,
        "temperature": NUMBERS,
        "top_p": NUMBERS,
        "tools": TOOLS,
        "metadata": st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["1", "2"]), max_size=2),
        "response_format": st.sampled_from(["auto", {"type": "text"}, FORMAT, None]),
    },
)


@given(FIELDS, FIELDS, FIELDS)
def test_a_plan_has_a_change_exactly_where_the_managed_fields_differ(
    first: dict[str, Any], edit: dict[str, Any], second: dict[str, Any]
) -> None:
    """DeepDiff of canonical values agrees; blocked objects aside, whatever was edited elsewhere."""
    paper = Paper()
    paper.apply(assistant(**first))
    paper.edit(paper.one(GUAGUA).id, updated={name: value for name, value in edit.items() if name != "metadata"})
    desired = assistant(**second)
    (change,) = paper.plan(desired).changes
    if change.block:
        return
    kind, live = KINDS["assistant"], paper.one(GUAGUA)
    removed = {name for name in first if name not in second}
    names = sorted({*desired.fields, *removed})
    before = {name: _told_apart(canonical_live(kind, name, live)) for name in names}
    after = {name: _told_apart(_declared(desired, name)) for name in names}

    assert (change.action is Action.KEEP) is (DeepDiff(before, after) == {})


@given(FIELDS, FIELDS, st.permutations(["a", "b", "c"]))
def test_apply_then_plan_is_empty_and_the_order_of_files_means_nothing(
    first: dict[str, Any], second: dict[str, Any], order: list[str]
) -> None:
    """From any state that an apply has left."""
    desired = {key: assistant(key, stores=["handbook"], **(first if key == "a" else second)) for key in order}
    knowledge = store(files=[known("a.md"), known("b.md", lang="zh")])
    paper = Paper()
    paper.apply(knowledge, *desired.values())
    paper.settled(*desired.values(), knowledge)
    changed = [assistant(key, **second) for key in order]
    assert paper.plan(*changed, knowledge) == paper.plan(knowledge, *sorted(changed, key=lambda d: d.address))
    paper.apply(*changed, knowledge)
    paper.settled(*changed, knowledge)


def _declared(desired: Desired, name: str) -> Any:
    """What is not declared any more is to be at its default."""
    value = canonical_manifest(KINDS["assistant"], desired, name)
    return None if isinstance(value, Absent) else value


def _told_apart(value: Any) -> Any:
    """Booleans as texts: DeepDiff takes true for 1."""
    if isinstance(value, bool):
        return f"<{value}>"
    if isinstance(value, dict):
        return {key: _told_apart(item) for key, item in value.items()}
    return [_told_apart(item) for item in value] if isinstance(value, list) else value
