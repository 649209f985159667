"""What the steps of a run, and searches of stores, say on the Assistants v2 wire. Pure.

Steps that cannot be read say nothing: a check that needs them finds nothing and tells so.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from asstctl.core.thread import CodeRun, Passage, PastCall

INCLUDE = "step_details.tool_calls[*].file_search.results[*].content"
"""What a request asks to `include`, so that searches show the text that they found."""

Step = Mapping[str, Any]


def passages_of(steps: Iterable[Step]) -> tuple[Passage, ...]:
    """What searches found, in the order of the server."""
    searches = (search.get("results") for search in _tool_calls(steps, "file_search"))
    return tuple(_passage(one, "file_name") for results in searches for one in _maps(results))


def found_in(page: Mapping[str, Any]) -> tuple[Passage, ...]:
    """What a search of a vector store found."""
    return tuple(_passage(one, "filename") for one in _maps(page.get("data")))


def code_of(steps: Iterable[Step]) -> tuple[CodeRun, ...]:
    """The code that was run."""
    return tuple(_code_run(one) for one in _tool_calls(steps, "code_interpreter"))


def calls_of(steps: Iterable[Step]) -> tuple[PastCall, ...]:
    """The functions that were called, and what they were answered."""
    return tuple(
        PastCall(_text(one.get("name")), _text(one.get("arguments")), one.get("output"))
        for one in _tool_calls(steps, "function")
    )


def names_in(steps: Iterable[Step]) -> dict[str, str]:
    """File names that searches mention, by file id."""
    found = (one for search in _tool_calls(steps, "file_search") for one in _maps(search.get("results")))
    return {_text(one.get("file_id")): one["file_name"] for one in found if _text(one.get("file_name"))}


def _tool_calls(steps: Iterable[Step], kind: str) -> Iterator[Mapping[str, Any]]:
    for step in steps:
        details = step.get("step_details")
        for call in _maps(details.get("tool_calls") if isinstance(details, Mapping) else None):
            if call.get("type") == kind and isinstance(inner := call.get(kind), Mapping):
                yield inner


def _passage(one: Mapping[str, Any], name: str) -> Passage:
    return Passage(str(one.get(name) or one.get("file_id") or ""), _score(one.get("score")), _content(one))


def _code_run(ran: Mapping[str, Any]) -> CodeRun:
    outputs = list(_maps(ran.get("outputs")))
    logs = [_text(one.get("logs")) for one in outputs if one.get("type") == "logs"]
    return CodeRun(_text(ran.get("input")), "\n".join(logs), sum(one.get("type") == "image" for one in outputs))


def _content(result: Mapping[str, Any]) -> str:
    return "\n".join(text for one in _maps(result.get("content")) if (text := _text(one.get("text"))))


def _score(value: object) -> float:
    try:
        return float(value) if isinstance(value, int | float) else 0.0
    except OverflowError:
        return 0.0


def _maps(value: object) -> Iterator[Mapping[str, Any]]:
    return (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else iter(())


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
