"""Saves: what is found in calls and replies, and why there is nothing."""

from typing import Any

import pytest

from asstctl.conversation.case import Save
from asstctl.conversation.observed import Observed
from asstctl.conversation.saves import path_problem, save_all
from asstctl.core.conversation import CallMade, FailureKind
from asstctl.core.diagnostic import Where

WHERE = Where("a.convo.yaml", 9)
REPLY = 'Done, R-17.\n```json\n{"state": "done", "lines": [{"sku": "S-1"}, {"sku": "S-2"}]}\n```'
SEEN = Observed(
    REPLY,
    (
        CallMade("refund", '{"order": {"id": "A-17"}, "amounts": [1, 2.5]}', '{"id": "R-1"}'),
        CallMade("look-up", "", "plain text"),
        CallMade("refund", '{"order": null}', '{"id": "R-2", "name": null}'),
        CallMade("silent", "[1]", None),
    ),
)


@pytest.mark.parametrize(
    "source, path, value",
    [
        ("calls", "calls.refund[-1].output.id", "R-2"),
        ("calls", "calls.refund.output.id", "R-2"),
        ("calls", "calls.refund[0].output.id", "R-1"),
        ("calls", "calls.refund[-2].args.order.id", "A-17"),
        ("calls", "calls.refund[0].args.amounts[-1]", 2.5),
        ("calls", "calls.refund[0].args", {"order": {"id": "A-17"}, "amounts": [1, 2.5]}),
        ("calls", "calls.refund[1].output.name", None),
        ("calls", "calls.look-up.output", "plain text"),
        ("calls", "calls.look-up.args", {}),
        ("reply", "", REPLY),
        ("regex", r"R-\d+", "R-17"),
        ("regex", r"(?:Done), R-(\d)(\d)", "1"),
        ("regex", "Done", "Done"),
        ("json-path", "$.state", "done"),
        ("json-path", "$.lines[0].sku", "S-1"),
        ("json-path", "$.lines[*].sku", ["S-1", "S-2"]),
    ],
)
def test_what_is_found_is_kept_with_its_type(source: str, path: str, value: Any) -> None:
    assert save_all([Save("x", source, WHERE, path)], SEEN) == ({"x": value}, ())


@pytest.mark.parametrize(
    "source, path, why",
    [
        ("calls", "calls.refnd.output", "`refnd` was not called"),
        ("calls", "calls.refund[2].output", "`refund[2]` is not among 2 calls"),
        ("calls", "calls.look-up[-2].output", "`look-up[-2]` is not among one call"),
        ("calls", "calls.refund.output.no", "the call has no `refund.output.no`"),
        ("calls", "calls.refund[0].args.amounts[2]", "the call has no `refund[0].args.amounts[2]`"),
        ("calls", "calls.look-up.output.id", "the call has no `look-up.output.id`"),
        ("calls", "refund.id", "`refund.id` is not a path into calls; `calls.refund[-1].output.id` is one"),
        ("regex", r"X-\d+", r"nothing in the reply matches the pattern X-\d+"),
        ("json-path", "$.no", "$.no finds nothing in the reply"),
    ],
)
def test_where_nothing_is_found_it_is_said_why(source: str, path: str, why: str) -> None:
    """At the line that wants it; what else is to be kept is kept."""
    kept, (failure,) = save_all([Save("x", source, WHERE, path), Save("y", "reply", WHERE)], SEEN)

    assert kept == {"y": REPLY}
    assert (failure.kind, failure.message, failure.where) == (FailureKind.SAVE, f"`x` was not saved: {why}", WHERE)


@pytest.mark.parametrize(
    "source, path, why",
    [("reply", "", "the reply is empty"), ("json-path", "$.a", "the reply is not JSON")],
)
def test_an_empty_reply_holds_nothing(source: str, path: str, why: str) -> None:
    _, (failure,) = save_all([Save("x", source, WHERE, path)], Observed(""))

    assert failure.message == f"`x` was not saved: {why}"


def test_a_call_whose_arguments_are_no_object_has_none() -> None:
    """Nor an output that never was."""
    kept, failures = save_all(
        [Save("a", "calls", WHERE, "calls.silent.args.x"), Save("b", "calls", WHERE, "calls.silent.output")], SEEN
    )

    assert [failure.message for failure in failures] == [
        "`a` was not saved: the call has no `silent.args.x`",
        "`b` was not saved: the call has no `silent.output`",
    ]
    assert kept == {}


@pytest.mark.parametrize("path", ["calls.f.output", "calls.f[0].args.a-b.c[1][-1]", "calls.a-b_1[-12].output.x"])
def test_paths_into_calls_can_be_checked_before(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    "path", ["", "calls", "calls.f", "calls.f[0]", "calls.f[x].output", "calls.f.result", "f.args."]
)
def test_what_is_no_path_is_said_with_one_that_is(path: str) -> None:
    assert path_problem(path) == f"`{path}` is not a path into calls; `calls.refund[-1].output.id` is one"
