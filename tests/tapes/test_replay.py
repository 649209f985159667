"""A tape played to somebody who asks as before, or not."""

import pytest

from asstctl.conversation.tapes.replay import Replay
from asstctl.conversation.tapes.text import Tape
from asstctl.core.errors import TapeMissing
from asstctl.core.tape import Asking
from tests.tapes.parts import HEADER, answer, ask, taped

AGAIN = "asstctl test a.convo.yaml::a --record"
SAID = ask("POST /threads/t_1/messages", {"role": "user", "content": "hello"})
TAPE = taped(
    (ask("POST /threads", {"a": 1}), answer({"id": "t_1", "object": "thread"}, seconds=0.25)),
    (SAID, answer({"n": 1}, seconds=0.5)),
    (SAID, answer({"n": 2}, seconds=1.0)),
)


def deck(tape: Tape = TAPE) -> Replay:
    return Replay(tape, again=AGAIN)


def missing(asking: Asking, replay: Replay | None = None) -> str:
    with pytest.raises(TapeMissing) as caught:
        (replay or deck()).play(asking)
    assert caught.value.hint == f"record it again: {AGAIN}"
    return caught.value.detail


def test_the_same_request_twice_is_answered_in_its_order() -> None:
    """By what was asked, then by how often. The clock is that of the recording."""
    replay = deck()
    said = ask("POST /threads/thread#1/messages", {"content": "hello", "role": "user"})

    assert [replay.play(said).body for _ in range(2)] == [{"n": 1}, {"n": 2}]
    assert replay.play(ask("POST /threads", {"a": 1})).body == {"id": "thread#1", "object": "thread"}
    assert replay.now() == 1.75


def test_real_ids_may_be_asked_with() -> None:
    """Whoever looked an assistant up on its server may have a tape answer for it."""
    tape = taped((ask("POST /threads/t_1/runs", {"assistant_id": "asst_then"}), answer({"id": "r", "object": "x"})))

    assert deck(tape).play(ask("POST /threads/t_1/runs", {"assistant_id": "asst_now"})).body == {
        "id": "x#1",
        "object": "x",
    }


@pytest.mark.parametrize(
    ("asking", "body"),
    [
        (ask("DELETE /threads/thread#1"), {"id": "thread#1", "deleted": True}),
        (ask("POST /threads/thread#1/runs/run#1/cancel"), {"id": "run#1", "status": "cancelled"}),
    ],
)
def test_cleaning_up_needs_no_tape(asking: Asking, body: object) -> None:
    """There is nothing to take away."""
    assert deck().play(asking).body == body


@pytest.mark.parametrize(
    ("asking", "said"),
    [
        (
            ask("POST /threads/thread#1/messages", {"role": "user", "content": "help", "n": 1}),
            (
                'POST /threads/thread#1/messages: nearest on the tape is line 4: content was "hello", now "help"; '
                "n was nothing, now 1"
            ),
        ),
        (
            ask("POST /threads/thread#1/messages", {"role": "user"}),
            'POST /threads/thread#1/messages: nearest on the tape is line 4: content was "hello", now nothing',
        ),
        (
            ask("POST /threads/thread#1/runs"),
            "POST /threads/thread#1/runs: nearest on the tape is POST /threads/thread#1/messages (line 3)",
        ),
        (ask("GET /x"), "GET /x: the tape holds 3 requests, and none like it"),
        (
            ask("POST /threads", {"a": 1}, order="asc"),
            'POST /threads: nearest on the tape is line 2: query was nothing, now {"order": "asc"}',
        ),
        (
            ask("POST /threads", {"a": 2, "b": 1, "c": 1, "d": 1, "e": 1}),
            (
                "POST /threads: nearest on the tape is line 2: a was 1, now 2; b was nothing, now 1; "
                "c was nothing, now 1; d was nothing, now 1; 1 more"
            ),
        ),
    ],
)
def test_a_request_that_is_not_on_the_tape_is_held_against_the_nearest(asking: Asking, said: str) -> None:
    """What differs is said, and the command that records it again."""
    assert missing(asking) == said


def test_where_a_long_text_differs_is_shown() -> None:
    """Not its beginning, which is the same."""
    then, now = "a" * 500 + "THEN" + "b" * 500, "a" * 500 + "NOW" + "b" * 500
    tape = taped((ask("POST /x", {"text": [then]}), answer()))

    said = missing(ask("POST /x", {"text": [now]}), deck(tape))
    assert "text[0] was …aaaa" in said
    assert "THENbbb" in said
    assert "NOWbbb" in said
    assert len(said) < 300


def test_a_request_more_often_than_on_the_tape_is_missing() -> None:
    """An answer is given once."""
    replay = deck()
    first = ask("POST /threads", {"a": 1})
    replay.play(first)

    assert missing(first, replay) == (
        "POST /threads: it was asked more often than when the tape was made (line 2 is the last)"
    )


def test_an_empty_tape_has_nothing() -> None:
    """Of whatever is asked."""
    assert missing(ask("GET /x"), deck(Tape(HEADER, ()))) == "GET /x: the tape holds 0 requests, and none like it"
