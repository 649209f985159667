"""What of a saved thread no conversation says, in sentences. Pure.

Images and files of what the user said, and calls, are counted where the turns are written.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from asstctl.core.suggest import shortened, some_of
from asstctl.providers.assistants.messages import is_reply

Raw = Mapping[str, Any]

_BUILT_IN = ("code_interpreter", "file_search")
_SAID_OF_RUN = ("instructions", "model")
"""What a run says again of its assistant, or says otherwise for itself alone."""
_MOST = 3


def unsaid(thread: Raw, messages: Sequence[Raw], runs: Sequence[Raw], steps: Iterable[Raw]) -> Iterator[str]:
    """A sentence on each kind of thing."""
    if resources := [tool for tool, given in _map(thread.get("tool_resources")).items() if given]:
        yield f"what the thread gave to {', '.join(map(_short, resources))} for itself is not in it"
    if pairs := [one for one in (thread, *messages, *runs) if one.get("metadata")]:
        yield f"metadata of {_counted(len(pairs), 'object')} (thread, messages or runs) is not in it"
    replies = [part for one in messages if is_reply(one) for part in _maps(one.get("content"))]
    if cited := sum(len(list(_maps(_map(part.get("text")).get("annotations")))) for part in replies):
        yield f"{_counted(cited, 'annotation')} of its replies, citations and files, not in it: only their text is"
    if other := Counter(_short(part.get("type")) for part in replies if part.get("type") not in ("text", "refusal")):
        yield f"parts of its replies are not in it: {_numbered(other)}"
    if used := Counter(kind for one in steps for call in _calls(one) if (kind := call.get("type")) in _BUILT_IN):
        yield f"what built-in tools did is not in it: {_numbered(used)}"
    if ended := [one for one in runs if isinstance(one.get("status"), str) and one["status"] != "completed"]:
        yield f"not every run was completed: {some_of([*map(_end, ended)], _MOST)}"


def otherwise(runs: Iterable[Raw], assistant: Mapping[str, Any]) -> Iterator[str]:
    """What runs said for themselves alone, against what their assistant says."""
    found = Counter(name for one in runs for name in _SAID_OF_RUN if one.get(name) and one[name] != assistant.get(name))
    for name, number in found.items():
        own = "its own" if number == 1 else "their own"
        yield f"{_counted(number, 'run')} had {own} `{name}`, which the assistant does not have"


def _end(run: Raw) -> str:
    code = _map(run.get("last_error")).get("code")
    return f"{_short(run.get('id') or 'one')} {_short(run['status'])}{f' ({_short(code)})' if code else ''}"


def _calls(step: Raw) -> Iterator[Raw]:
    return _maps(_map(step.get("step_details")).get("tool_calls"))


def _numbered(counts: Counter[str]) -> str:
    return ", ".join(f"{name} ({number})" for name, number in counts.items())


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _short(text: object) -> str:
    return shortened(str(text), 40)


def _map(value: object) -> Raw:
    return value if isinstance(value, Mapping) else {}


def _maps(value: object) -> Iterator[Raw]:
    return (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else iter(())
