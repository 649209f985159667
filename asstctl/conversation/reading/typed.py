"""What a case is as typed, and what it needs of the wire: worked out once, when it is read.

`typed` is stable JSON, equal for conversations that say the same: what has a part in what is said and expected, with
variables filled in, and the stubs that can answer. Code that stubs run is in it by its digest.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from asstctl.conversation.case import Closing, Message, Turn, UserFile
from asstctl.conversation.checks import CHECKS
from asstctl.conversation.reading.shared_stubs import Answering
from asstctl.conversation.stubs.command import Program
from asstctl.conversation.stubs.kind import Answer, StubRule
from asstctl.conversation.stubs.python import Function
from asstctl.conversation.stubs.sequence import InTurn
from asstctl.core.json_types import Json
from asstctl.core.thread import Need
from asstctl.documents.contents import measure
from asstctl.documents.paths import shown

_SAID = ("run", "thread", "turns", "finally")
"""The keys of a conversation that have a part in what is said and expected."""


def typed(conversation: Mapping[str, Json], answering: Answering, root: Path) -> Json:
    """The conversation and its stubs as JSON. A function whose stubs run code has the digests of that code last."""
    stubs: dict[str, list[Json]] = {}
    for name, rules in answering.rules.items():
        code = {shown(root, file): _digest(file, file.stat().st_mtime_ns) for file in sorted(set(_code(rules)))}
        stubs[name] = [*_listed(answering.typed[name]), *([{"code": code}] if code else [])]
    return {"conversation": {key: conversation[key] for key in _SAID if key in conversation}, "stubs": stubs}


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _code(rules: Iterable[StubRule]) -> Iterator[Path]:
    for rule in rules:
        yield from _code_of(rule.answer)


def _code_of(answer: Answer) -> Iterator[Path]:
    if isinstance(answer, Function | Program):
        yield answer.file
    elif isinstance(answer, InTurn):
        for one in answer.answers:
            yield from _code_of(one)


@lru_cache(maxsize=256)
def _digest(file: Path, modified: int) -> str:
    """The sha256 of a file; `modified` makes a changed file another one for the cache."""
    try:
        return measure(file).sha256
    except OSError:
        return ""


def needs(
    messages: Iterable[Message],
    files: Iterable[UserFile],
    turns: Iterable[Turn],
    closing: Closing | None,
    overrides: Mapping[str, Json],
) -> frozenset[Need]:
    """What the wire has to be able to do for a conversation."""
    found: set[Need] = set()
    messages, turns = tuple(messages), tuple(turns)
    if any(message.role == "assistant" for message in messages):
        found.add(Need.SEED_ASSISTANT_MESSAGE)
    # A first turn answers what stands in the thread, any other what is said in it.
    opened = any(message.role == "user" for message in messages)
    silent = [number for number, turn in enumerate(turns) if turn.user is None and not turn.files]
    if any(number > 0 or not opened for number in silent):
        found.add(Need.ASSISTANT_SPEAKS_FIRST)
    sent = (file for files in (*(m.files for m in messages), *(t.files for t in turns)) for file in files)
    found.update(Need.IMAGES if file.tools is None else Need.ATTACHMENTS for file in sent)
    if any(files):
        found.add(Need.THREAD_FILES)
    if overrides:
        found.add(Need.RUN_OPTIONS)
    for part in (*turns, *([closing] if closing else ())):
        for expected in part.expect:
            found |= CHECKS[expected.operator].needs(expected.value)
    return frozenset(found)
