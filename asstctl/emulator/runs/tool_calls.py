"""The calls of a tools step: as the wire shows them, as a stream tells them, as the model gets them back. Pure.

What the wire does not show of a call is in the step's notes, by the call's id: the query and the passages of a search,
and whether code failed.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from asstctl.emulator.ids import new_id
from asstctl.emulator.replies.asked import Asked
from asstctl.emulator.replies.values import CallMade, CodeRan, FilesSearched, Passage, RunCode, SearchFiles, ToolCall
from asstctl.emulator.store import Body

Json = Any

_PIECES = 4
"""Pieces at most in which arguments and code are told."""

_SMALL_MODEL = "gpt-3.5"
_RESULTS, _RESULTS_OF_SMALL_MODEL = 20, 5
"""Results of a search when the tool does not say how many (A3)."""


def asked_calls(parts: Iterable[Asked], tools: Sequence[Json]) -> tuple[list[Json], Body]:
    """What a turn of the model asks for, without results yet, and the notes beside it.

    What the server does itself comes first: a stream tells one call after the other, and functions wait for the client.
    """
    calls, notes = [], {}
    for part in sorted(parts, key=lambda part: isinstance(part, ToolCall)):
        call: Body = {"id": new_id("call_")}
        match part:
            case ToolCall(function, arguments):
                function_call = {"name": function, "arguments": arguments, "output": None}
                call |= {"type": "function", "function": function_call}
            case RunCode(code):
                call |= {"type": "code_interpreter", "code_interpreter": {"input": code, "outputs": []}}
            case SearchFiles(query):
                ranking = _search_options(tools)["ranking_options"]
                shown = {name: ranking[name] for name in ("ranker", "score_threshold")}
                call |= {"type": "file_search", "file_search": {"ranking_options": shown, "results": []}}
                notes[call["id"]] = {"query": query, "markers": [], "texts": []}
        calls.append(call)
    return calls, notes


def functions_in(step: Body) -> list[Json]:
    """The calls that only the client can answer."""
    return [call for call in step["step_details"]["tool_calls"] if call["type"] == "function"]


def with_calls(step: Body, calls: Sequence[Json]) -> Body:
    return {**step, "step_details": {"type": "tool_calls", "tool_calls": list(calls)}}


def search_limits(tools: Sequence[Json], model: str) -> tuple[int, float]:
    """How many results a search of this run has, and the score below which there are none."""
    options = _search_options(tools)
    usual = _RESULTS_OF_SMALL_MODEL if model.startswith(_SMALL_MODEL) else _RESULTS
    return options.get("max_num_results", usual), options["ranking_options"]["score_threshold"]


def _search_options(tools: Sequence[Json]) -> Body:
    options: Body = next(tool["file_search"] for tool in tools if tool["type"] == "file_search")
    return options


def asked_deltas(step: Body, index: int) -> Iterator[Body]:
    """A call as a reader of the stream puts it together again: empty, then in pieces what it is asked."""
    call = step["step_details"]["tool_calls"][index]
    kind = call["type"]
    # A search does not show its query.
    typed = {"function": "arguments", "code_interpreter": "input"}.get(kind)
    if typed is None:
        yield _delta(step, index, call)
        return
    yield _delta(step, index, {**call, kind: {**call[kind], typed: ""}})
    for piece in _pieces(call[kind][typed]):
        yield _delta(step, index, {"type": kind, kind: {typed: piece}})


def _pieces(text: str) -> Iterator[str]:
    size = max(-(-len(text) // _PIECES), 1)
    for start in range(0, len(text), size):
        yield text[start : start + size]


def logs_delta(step: Body, index: int, logs: str) -> Body:
    outputs = [{"index": 0, "type": "logs", "logs": logs}]
    return _delta(step, index, {"type": "code_interpreter", "code_interpreter": {"outputs": outputs}})


def _delta(step: Body, index: int, call: Json) -> Body:
    details = {"type": "tool_calls", "tool_calls": [{"index": index, **call}]}
    return {"id": step["id"], "object": "thread.run.step.delta", "delta": {"step_details": details}}


def results_of(step: Body, notes: Body) -> tuple[CallMade | CodeRan | FilesSearched, ...]:
    """The calls of a step that is over, as the model gets them back."""
    return tuple(
        _result(call, notes.get("calls", {}).get(call["id"], {})) for call in step["step_details"]["tool_calls"]
    )


def _result(call: Json, note: Body) -> CallMade | CodeRan | FilesSearched:
    asked = call[call["type"]]
    match call["type"]:
        case "function":
            return CallMade(call["id"], asked["name"], asked["arguments"], asked["output"] or "")
        case "code_interpreter":
            logs = "".join(output["logs"] for output in asked["outputs"])
            return CodeRan(call["id"], asked["input"], logs, note.get("failed", False))
    passages = (
        Passage(marker, found["file_id"], found["file_name"], found["score"], text)
        for found, marker, text in zip(asked["results"], note["markers"], note["texts"], strict=True)
    )
    return FilesSearched(call["id"], note["query"], tuple(passages))


def with_passages(step: Body, notes: Body) -> Body:
    """A step with the text of what its searches found, which the wire shows only when asked to."""
    if step["step_details"]["type"] != "tool_calls":
        return step
    return with_calls(step, [_with_texts(call, notes) for call in step["step_details"]["tool_calls"]])


def _with_texts(call: Json, notes: Body) -> Json:
    if call["type"] != "file_search":
        return call
    # Notes are read after their step, and another server may have added to them since, or deleted both.
    texts = notes.get("calls", {}).get(call["id"], {}).get("texts", ())
    search = call["file_search"]
    results = [
        {**found, "content": [{"type": "text", "text": text}]}
        for found, text in zip(search["results"], texts, strict=False)
    ]
    return {**call, "file_search": {**search, "results": results}}
