"""What goes into the bodies of a conversation's requests, and what is read out of the objects that come back."""

from typing import Any

import pytest

from asstctl.core.errors import Rejected
from asstctl.core.thread import Attached, Citation, CodeRun, Image, Passage, PastCall, RunOptions, Said, Spoken, Tool
from asstctl.providers.assistants.bodies import (
    is_searched,
    message_body,
    resources_body,
    run_body,
    store_body,
    thread_body,
)
from asstctl.providers.assistants.history import exchanges
from asstctl.providers.assistants.messages import citations_of, files_with, images_in, said_in, text_of
from asstctl.providers.assistants.runs import state_of
from asstctl.providers.assistants.steps import calls_of, code_of, names_in, passages_of
from asstctl.providers.assistants.stores import is_taking_in, stores_of, unsearchable

BOTH = Attached("file-1", (Tool.FILE_SEARCH, Tool.CODE_INTERPRETER))
CODE = Attached("file-2", (Tool.CODE_INTERPRETER,))


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (Said("user", "hi"), {"role": "user", "content": "hi"}),
        (
            Said("user", "look", images=(Image(file="file-3", detail="high"), Image(url="https://example.org/a.png"))),
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "look"},
                    {"type": "image_file", "image_file": {"file_id": "file-3", "detail": "high"}},
                    {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
                ],
            },
        ),
        (
            Said("user", "", images=(Image(file="file-3"),)),
            {"role": "user", "content": [{"type": "image_file", "image_file": {"file_id": "file-3"}}]},
        ),
        (
            Said("assistant", "read", attachments=(BOTH,)),
            {
                "role": "assistant",
                "content": "read",
                "attachments": [
                    {"file_id": "file-1", "tools": [{"type": "file_search"}, {"type": "code_interpreter"}]}
                ],
            },
        ),
    ],
)
def test_the_body_of_a_message(said: Said, body: dict[str, Any]) -> None:
    assert message_body(said) == body


def test_files_of_a_thread_go_to_the_tools_that_read_them() -> None:
    store = store_body([BOTH, CODE], {"a": "b"})

    assert store == {"file_ids": ["file-1"], "metadata": {"a": "b"}}
    assert resources_body([BOTH, CODE], {"vector_stores": [store]}) == {
        "code_interpreter": {"file_ids": ["file-1", "file-2"]},
        "file_search": {"vector_stores": [store]},
    }
    assert store_body([CODE], None) == {}
    assert (is_searched([CODE]), is_searched([CODE, BOTH])) == (False, True)


def test_a_plain_thread_has_an_empty_body() -> None:
    assert thread_body((), None, {}) == {}


def test_an_override_that_a_run_does_not_have_is_a_bug_of_the_caller() -> None:
    """Files are checked before: the name cannot come from one."""
    overrides = {"model": "m", "tool_choice": "none"}
    assert run_body("asst_1", RunOptions(overrides=overrides)) == {"assistant_id": "asst_1", **overrides}

    with pytest.raises(ValueError, match="instructions"):
        run_body("asst_1", RunOptions(overrides={"instructions": "x"}))


def test_a_reply_is_every_text_of_the_run() -> None:
    """Parts and messages are joined by newlines; refusals count; users, other runs and images do not."""
    messages = [
        {"role": "assistant", "run_id": "r", "content": [{"text": {"value": "a"}}, {"type": "image_file"}]},
        {"role": "user", "run_id": None, "content": [{"text": {"value": "no"}}]},
        {"role": "assistant", "run_id": "other", "content": [{"text": {"value": "no"}}]},
        {"role": "assistant", "run_id": "r", "content": [{"type": "refusal", "refusal": "b"}]},
        {"role": "assistant", "run_id": "r", "content": "c"},
        {"role": "assistant", "run_id": "r", "content": None},
        "nonsense",
    ]

    assert text_of(said_in(messages, "r")) == "a\nb\nc"


def message(*annotations: object) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": {"value": "x", "annotations": [*annotations]}}]}


@pytest.mark.parametrize(
    ("annotation", "citations"),
    [
        (
            {"type": "file_citation", "text": "【4:0†a.md】", "file_citation": {"file_id": "file-1", "quote": "so"}},
            (Citation("file-1", "【4:0†a.md】", "so"),),
        ),
        ({"type": "file_citation", "file_citation": {"file_id": "file-1"}}, (Citation("file-1"),)),
        (
            {"type": "file_path", "text": "sandbox:/mnt/data/a.csv", "file_path": {"file_id": "file-2"}},
            (Citation("file-2", "sandbox:/mnt/data/a.csv"),),
        ),
        ({"type": "url_citation", "url_citation": {"url": "https://example.org"}}, ()),
        ({"type": "file_citation", "file_citation": {"file_id": ""}}, ()),
        ({"type": "file_citation", "file_citation": None}, ()),
        ("nonsense", ()),
    ],
)
def test_annotations_are_citations(annotation: object, citations: tuple[Citation, ...]) -> None:
    """By the file's id, which the host puts a name for."""
    assert citations_of([message(annotation)]) == citations


def test_what_a_message_holds_beside_text_is_counted() -> None:
    parts = [{"type": "text"}, {"type": "image_file"}, {"type": "image_url"}, None]
    assert (images_in({"content": parts}), files_with({"attachments": [{}, {}]})) == (2, 2)
    assert (images_in({"content": "text"}), files_with({"attachments": None})) == (0, 0)


def step(**call: object) -> dict[str, Any]:
    return {"step_details": {"type": "tool_calls", "tool_calls": [call]}}


SEARCHED = step(
    type="file_search",
    file_search={
        "results": [
            {"file_id": "file-1", "file_name": "a.md", "score": 0.5, "content": [{"type": "text", "text": "so"}]},
            {"file_id": "file-2", "file_name": None, "score": None},
            "nonsense",
        ]
    },
)
RAN = step(
    type="code_interpreter",
    code_interpreter={
        "input": "print(1)",
        "outputs": [{"type": "logs", "logs": "1"}, {"type": "image", "image": {}}, {"type": "logs", "logs": "2"}],
    },
)
CALLED = step(type="function", function={"name": "f", "arguments": "{}", "output": None})
NOTHING: list[dict[str, Any]] = [{}, {"step_details": None}, {"step_details": {"tool_calls": "x"}}, step(type="other")]


def test_steps_show_what_was_searched_run_and_called() -> None:
    steps = [SEARCHED, RAN, CALLED, *NOTHING]

    assert passages_of(steps) == (Passage("a.md", 0.5, "so"), Passage("file-2", 0.0))
    assert code_of(steps) == (CodeRun("print(1)", "1\n2", 1),)
    assert calls_of(steps) == (PastCall("f", "{}"),)
    assert names_in(steps) == {"file-1": "a.md"}


@pytest.mark.parametrize(
    ("code", "limited", "no_verdict"),
    [("rate_limit_exceeded", True, True), ("server_error", False, True), ("invalid_prompt", False, False)],
)
def test_a_run_says_whether_it_met_a_rate_limit(code: str, limited: bool, no_verdict: bool) -> None:
    state = state_of({"id": "run_1", "status": "failed", "last_error": {"code": code}, "model": "m"}, "")

    assert (state.rate_limited, state.no_verdict, state.model) == (limited, no_verdict, "m")


@pytest.mark.parametrize(
    ("resources", "stores"),
    [
        ({"file_search": {"vector_store_ids": ["vs_1"]}}, ("vs_1",)),
        ({"file_search": {"vector_store_ids": [None, ""]}}, ()),
        ({"file_search": {}}, ()),
        ({"code_interpreter": {"file_ids": []}}, ()),
        (None, ()),
    ],
)
def test_the_stores_of_a_thread(resources: object, stores: tuple[str, ...]) -> None:
    assert stores_of({"tool_resources": resources}) == stores


@pytest.mark.parametrize(
    ("store", "busy"),
    [
        ({"status": "in_progress", "file_counts": {"in_progress": 1}}, True),
        ({"status": "completed", "file_counts": {"in_progress": 1}}, True),
        ({"status": "completed", "file_counts": {"in_progress": 0}}, False),
        ({"status": "completed"}, False),
        ({}, False),
    ],
)
def test_when_a_store_is_ready(store: dict[str, Any], busy: bool) -> None:
    assert is_taking_in(store) == busy


def test_files_that_cannot_be_searched_are_all_named() -> None:
    files = [
        {"id": "file-1", "status": "failed", "last_error": {"code": "unsupported_file", "message": "no text"}},
        {"id": "file-2", "status": "cancelled", "last_error": None},
    ]

    error = unsearchable("example.org", files, {"file-1": "a.bin"})

    assert isinstance(error, Rejected)
    assert str(error) == "example.org cannot search a.bin: a.bin: unsupported_file: no text; file-2: cancelled"


def said(role: str, text: str, at: int, run: str | None = None) -> dict[str, Any]:
    return {"role": role, "content": text, "created_at": at, "run_id": run}


CALL = PastCall("f", "{}", "1")
USER_TWICE = [said("user", "a", 1), said("user", "b", 3)]


@pytest.mark.parametrize(
    ("messages", "runs", "spoken"),
    [
        ([], [], ()),
        ([said("assistant", "hello", 1)], [], (Spoken(None, "hello"),)),
        (
            [said("user", "a", 1), said("assistant", "x", 2, "r1"), said("assistant", "y", 2, "r1")],
            [("r1", 1)],
            (Spoken("a", "x\ny", (CALL,)),),
        ),
        # runs that said nothing: by their time, never after the run that follows
        (USER_TWICE, [("r1", 2)], (Spoken("a", "", (CALL,)), Spoken("b"))),
        (USER_TWICE, [("r1", 4)], (Spoken("a"), Spoken("b", "", (CALL,)))),
        (
            [said("user", "a", 1), said("assistant", "x", 1, "r2"), said("user", "b", 1)],
            [("r1", 1), ("r2", 1)],
            (Spoken("a", "x", (CALL, CALL)), Spoken("b")),
        ),
        ([], [("r1", 1)], (Spoken(None, "", (CALL,)),)),
    ],
)
def test_the_past_of_a_thread(
    messages: list[dict[str, Any]], runs: list[tuple[str, int]], spoken: tuple[Spoken, ...]
) -> None:
    objects = [{"id": id, "created_at": at} for id, at in runs]

    assert exchanges(messages, objects, {id: [CALL] for id, _ in runs}) == spoken
