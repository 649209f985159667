"""What is put on a tape, and how its file says it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.conversation.tapes.naming import prefix, tape_name
from asstctl.conversation.tapes.ordinals import Ordinals
from asstctl.conversation.tapes.text import MAX_LINES, Tape, read_tape, same_but_for_times, tape_text
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.core.tape import Asking
from tests.tapes.parts import HEADER, answer, ask, stream, taped

NAMES = ("id", "object", "run_id", "file_ids", "type", "metadata", "created_at", "status", "asstctl_run")
RUN = "POST /threads/thread_a/runs"
LOOK = "GET /threads/thread_a/runs/run_a"


def run(status: str, **more: object) -> dict[str, object]:
    return {"id": "run_a", "object": "thread.run", "status": status, **more}


def asked(tape: Tape) -> list[str]:
    return [str(one.asking) for one in tape.exchanges]


def test_a_run_that_was_looked_at_is_one_exchange() -> None:
    """However often: the request that started it is answered with what it came to, and took all that time."""
    few = [(ask(RUN), answer(run("queued"))), (ask(LOOK), answer(run("completed")))]
    many = [few[0], (ask(LOOK), answer(run("queued"))), (ask(LOOK), answer(run("in_progress"))), few[1]]

    tape = taped(*many)
    assert asked(tape) == ["POST /threads/thread#1/runs"]
    assert tape.exchanges[0].answering.body == {"id": "run#1", "object": "thread.run", "status": "completed"}
    assert tape.exchanges[0].answering.seconds == 7  # from the first of 8 looks at the clock to the last
    assert same_but_for_times(tape, taped(*few))


def test_a_run_that_waits_for_outputs_is_one_and_its_rest_another() -> None:
    """Each request that sets it going is answered with where it stood next."""
    outputs = ask("POST /threads/thread_a/runs/run_a/submit_tool_outputs", {"tool_outputs": []})
    tape = taped(
        (ask(RUN), answer(run("queued"))),
        (ask(LOOK), answer(run("requires_action"))),
        (outputs, answer(run("in_progress"))),
        (ask(LOOK), answer(run("completed"))),
        (ask(LOOK), answer(run("completed"))),
    )

    statuses = [one.answering.body["status"] for one in tape.exchanges]  # type: ignore[call-overload,index]
    assert statuses == ["requires_action", "completed", "completed"]
    assert asked(tape)[2] == "GET /threads/thread#1/runs/run#1"  # a look at what stands still is a request like any


def test_a_store_that_was_waited_for_is_looked_at_once() -> None:
    """A look may be what somebody began with."""
    looks = [
        answer({"id": "vs_a", "object": "vector_store", "status": s}) for s in ("in_progress",) * 3 + ("completed",)
    ]

    tape = taped(*((ask("GET /vector_stores/vs_a"), one) for one in looks))

    assert [one.answering.body for one in tape.exchanges] == [
        {"id": "vector_store#1", "object": "vector_store", "status": "completed"}
    ]


def test_cleaning_up_is_not_on_a_tape() -> None:
    """Neither what deletes, nor what ends a run and looks whether it is over."""
    tape = taped(
        (ask(RUN), answer(run("requires_action"))),
        (ask("POST /threads/thread_a/runs/run_a/cancel"), answer(run("cancelling"))),
        (ask(LOOK), answer(run("cancelling"))),
        (ask(LOOK), answer(run("cancelled"))),
        (ask("DELETE /threads/thread_a"), answer({"deleted": True})),
    )

    assert asked(tape) == ["POST /threads/thread#1/runs"]


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_bad_afternoon_is_not_on_a_tape(status: int) -> None:
    """Unless it was asked for. An answer that says no is one like any other."""
    exchanges = [
        (ask("POST /threads"), answer({"error": {}}, status=status)),
        (ask("POST /threads"), answer({"id": "thread_a", "object": "thread"})),
        (ask("POST /threads/thread_a/messages"), answer({"error": {}}, status=400)),
    ]

    assert [one.answering.status for one in taped(*exchanges).exchanges] == [200, 400]
    assert [one.answering.status for one in taped(*exchanges, errors=True).exchanges] == [status, 200, 400]


def test_ids_are_ordinals_wherever_they_stand() -> None:
    """In paths, queries, bodies, events, and in texts that hold them."""
    thread, file = "thread_0123456789", "file-0123456789"
    run = {"id": "run_0123456789", "object": "thread.run", "thread_id": thread, "assistant_id": "asst_x"}
    tape = taped(
        (ask("POST /files", {"purpose": "assistants"}), answer({"id": file, "object": "file"})),
        (ask("POST /threads", {"file_ids": [file]}), answer({"id": thread, "object": "thread"})),
        (ask(f"POST /threads/{thread}/runs", {"assistant_id": "asst_x"}), answer(run)),
        (
            ask(f"GET /threads/{thread}/messages", run_id="run_0123456789"),
            answer(
                {"data": [{"id": "msg", "object": "thread.message", "text": f"sandbox:/{file}.csv"}], "last_id": "msg"}
            ),
        ),
        (
            ask(f"POST /threads/{thread}/runs/run_0123456789/submit_tool_outputs", {"tool_call_id": "call_9"}),
            stream(
                ("thread.run.step.created", '{"id": "step_1", "object": "thread.run.step", "run_id": "run_0123456789"}')
            ),
        ),
    )

    said = tape_text(tape)
    assert not any(id in said for id in ("0123456789", "asst_x", "call_9", "step_1", '"msg"'))
    assert asked(tape)[3] == "GET /threads/thread#1/messages"
    assert tape.exchanges[3].asking.query == (("run_id", "run#1"),)
    assert "sandbox:/file#1.csv" in said
    assert json.loads(tape.exchanges[4].answering.events[0].data)["id"] == "step#1"


def test_a_short_id_is_no_text() -> None:
    """A server whose ids are numbers does not change what people say."""
    body = {"messages": [{"role": "user", "content": "7"}]}
    tape = taped(
        (ask("POST /threads"), answer({"id": "7", "object": "thread"})), (ask("POST /threads/7/x", body), answer())
    )

    assert tape.exchanges[1].asking.body == body
    assert asked(tape)[1] == "POST /threads/thread#1/x"


def test_an_ordinal_is_an_id_like_any_other() -> None:
    """What is asked with what a tape gave is what was asked when it was made."""
    asking = Asking("POST", "/threads/thread#1/runs", (("run_id", "run#2"),), {"assistant_id": "assistant#1"})

    assert Ordinals().of_asking(asking) == asking


def test_what_differs_each_time_is_not_on_a_tape() -> None:
    """Times, our run, the version of somebody's API; and what a run repeats of its assistant."""
    metadata = {"asstctl_run": "20261122-101112-abcd"}
    tape = taped(
        (
            ask("POST /threads", {"metadata": metadata}, **{"api-version": "v1"}),
            answer(
                {
                    "id": "t",
                    "object": "thread",
                    "created_at": 17,
                    "expires_at": None,
                    "metadata": {**metadata, "a": "b"},
                }
            ),
        ),
        (ask(RUN), answer(run("completed", instructions="secret sauce", tools=[1], usage={"total": 3}))),
    )

    assert tape.exchanges[0].asking == Asking("POST", "/threads", (), {})
    assert tape.exchanges[0].answering.body == {
        "id": "thread#1",
        "object": "thread",
        "created_at": 0,
        "expires_at": None,
        "metadata": {"a": "b"},
    }
    assert "secret sauce" not in tape_text(tape)
    assert '"usage": {"total": 3}' in tape_text(tape)


def test_a_tape_is_in_the_order_in_which_it_was_asked() -> None:
    """Whichever answer came first: two recordings of what goes on at once are one."""
    exchanges = [(ask("POST /embeddings", {"input": [n]}), answer({"id": f"e{n}", "object": "x"})) for n in range(5)]

    assert taped(*exchanges, order=[3, 1, 4, 0, 2]).exchanges[0].asking.body == {"input": [0]}
    assert same_but_for_times(taped(*exchanges, order=[3, 1, 4, 0, 2]), taped(*exchanges))


def test_a_tape_is_read_as_it_was_written() -> None:
    """Every part of it."""
    tape = taped(
        (ask("POST /threads", {"b": 1, "a": ["é", None, 1.5]}, order="asc"), answer({"id": "t", "object": "thread"})),
        (ask("POST /a"), stream(("x", '{"b": 1, "a": 2}'), ("", "[DONE]"), truncated=True)),
        (ask("POST /b"), answer(status=204)),
    )

    text = tape_text(tape)
    again, diagnostics = read_tape(text, "a")
    assert diagnostics == ()
    assert again is not None
    assert tape_text(again) == text
    assert same_but_for_times(again, tape)
    assert again.header == HEADER


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(body=JSON, answered=JSON, data=st.text())
def test_whatever_is_said_comes_back(body: Json, answered: Json, data: str) -> None:
    """A tape that is written, read and written again is the same text, and its ids are ordinals already."""
    tape = taped(
        (ask("POST /a", body), answer(answered)), (ask("POST /b"), stream(("x", data), ("y", json_text(body))))
    )

    again, diagnostics = read_tape(tape_text(tape), "a")
    assert diagnostics == ()
    assert again is not None
    assert tape_text(again) == tape_text(tape)
    ordinals = Ordinals()
    for one in again.exchanges:
        assert ordinals.of_asking(one.asking) == one.asking


def test_a_line_says_what_was_asked_first_and_then_in_one_order() -> None:
    """A reviewer reads it from left to right, and a diff shows what differs alone."""
    line = tape_text(taped((ask("POST /b", {"b": 1, "a": 2}, x="1"), answer({"d": 1, "c": 2})))).splitlines()[1]

    assert line == (
        '{"ask": "POST /b", "query": [["x", "1"]], "body": {"a": 2, "b": 1}, "status": 200, "seconds": 1.0, '
        '"headers": {"content-type": "application/json"}, "answer": {"c": 2, "d": 1}}'
    )


GOOD = tape_text(taped((ask("POST /a"), answer())))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1 is damaged: it is not JSON"),
        ("{}\n", "line 1 is damaged: its `tape` is missing or wrong"),
        ("[]\n", "line 1 is damaged: it is not an object"),
        (GOOD.replace('{"tape": 1', '{"tape": 2'), "it is of version 2, which is newer than this program"),
        (GOOD.replace('"lines": {}', '"lines": {"a": 1}'), "line 1 is damaged: its `a` is missing or wrong"),
        (GOOD[:-1], "line 2 is damaged: its last line is cut off"),
        (GOOD[:-9] + "\n", "line 2 is damaged: it is not JSON"),
        (GOOD.replace('"status": 200', '"status": true'), "line 2 is damaged: its `status` is missing or wrong"),
        (GOOD.replace('"status": 200', '"status": 1'), "line 2 is damaged: its status or its seconds cannot be"),
        (GOOD.replace('"seconds": 1.0', '"seconds": 1e999'), "line 2 is damaged: it is not JSON"),
        (GOOD.replace('"seconds": 1.0', '"seconds": -1'), "line 2 is damaged: its status or its seconds cannot be"),
        (GOOD.replace('"answer"', '"query": [1], "answer"'), "line 2 is damaged: its query is not a list of pairs"),
        (GOOD.replace('"answer"', '"query": 1, "answer"'), "line 2 is damaged: its `query` is missing or wrong"),
        (GOOD.replace('"answer"', '"events": [1], "answer"'), "line 2 is damaged: one of its events is not an object"),
        (GOOD + "[" * 100_000 + "\n", "line 3 is damaged: it is not JSON"),
        (GOOD + "{}\n" * MAX_LINES, f"line 1 is damaged: it has more than {MAX_LINES} lines"),
    ],
)
def test_what_is_wrong_with_a_damaged_tape_is_said(text: str, said: str) -> None:
    """With its line; nothing of it is played."""
    tape, diagnostics = read_tape(text, "tapes/a.tape.jsonl")

    assert tape is None
    assert said in diagnostics[0].summary
    assert diagnostics[0].where is not None
    assert diagnostics[0].where.path == "tapes/a.tape.jsonl"


def test_the_name_of_a_tape_says_whose_it_is() -> None:
    """File, conversation with its cell, repeat."""
    assert tape_name("refunds", "refund-ok[de-small]", 2) == "refunds--refund-ok[de-small]--2.tape.jsonl"
    assert tape_name("课程", "周三", 1) == "课程--周三--1.tape.jsonl"


@pytest.mark.parametrize(
    "id", ["../../etc", "a/b", "A", "a--b", ".a", "a b", "x" * 300, "é" * 100, "a\n", "con:1", "-a"]
)
def test_no_two_conversations_share_a_name(id: str) -> None:
    """What a file system cannot tell apart, or must not be given, ends with its digest."""
    name = tape_name("f", id, 1)

    assert len(name.encode()) < 200
    assert not set(name) & set('/\\:*?"<>|\n\0 ')
    assert name == name.lower() or name.lower() != tape_name("f", id.lower(), 1)
    assert name != tape_name("f", name.removeprefix("f--").removesuffix("--1.tape.jsonl"), 1)
    assert name.startswith(prefix("f", id))
