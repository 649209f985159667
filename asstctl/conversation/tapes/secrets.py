"""What must never be on a tape: the values of secrets, in any form, and whatever looks like a key. Pure.

A tape is committed. What is found refuses the whole tape; it is not masked, since nobody knows what else the same
answer gives away. Results are for people and are there anyway: in them a mask stands in the place of each value.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from asstctl.core.hidden import MASK, Hidden
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json

SHORTEST = 8
"""A secret of fewer characters is not looked for: it would be found everywhere."""

LINE = 16
"""The same of one line of a secret with several."""
_LINES = 200
_CUT = "…"

_SHAPES = {
    "an API key": r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{16,}",
    "a bearer token": r"(?i:\bbearer)\s+[A-Za-z0-9._~+/=-]{16,}",
    "a key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})",
    "a token of GitLab": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "a token of Slack": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{35}",
    "a JSON Web Token": r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}
_ANY_SHAPE = re.compile("|".join(f"({shape})" for shape in _SHAPES.values()))
_NAMES = tuple(_SHAPES)
_TOGETHER = "events, together: "
_WITHIN = 3
"""How deep a text within a text is looked into: a stub's JSON in an argument in a log."""
_PERCENT = re.compile(r"%[0-9A-F]{2}")


@dataclass(frozen=True, slots=True)
class Leak:
    """A place on a tape, and what stands there in words; never the value."""

    line: int
    path: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.path}: {self.what}"


class Sieve:
    """Finds what must not be written: shapes of keys, and secrets that are known by their values."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = [part for secret in secrets for part in _parts(secret)]
        found = {form.decode() for form in Hidden(*known).forms}
        found |= {_PERCENT.sub(lambda escaped: escaped[0].lower(), form) for form in found}
        for _ in range(_WITHIN):
            found |= {escaped for form in found for escaped in _escaped(form)}
        self._forms = sorted((form for form in found if len(form) >= SHORTEST), key=len, reverse=True)

    def leaks(self, lines: Iterable[Json]) -> tuple[Leak, ...]:
        """All of them, in a tape's lines."""
        said = [
            (number, path, text)
            for number, line in enumerate(lines, start=1)
            for path, text in (*_texts(line), *_pieced_together(line))
        ]
        # one look at all of it is enough where there is nothing, which is so of nearly every tape
        whole = "\n".join(text for _, _, text in said)
        forms = [form for form in self._forms if form in whole]
        found = [(number, path, what) for number, path, text in said if (what := _what(text, forms))]
        plain = {number for number, path, _ in found if not path.startswith(_TOGETHER)}
        return tuple(
            Leak(number, path or "its keys", what)
            for number, path, what in found
            if number not in plain or not path.startswith(_TOGETHER)
        )

    def without(self, text: str) -> str:
        """The text with a mask in the place of each secret."""
        for form in self._forms:
            text = text.replace(form, MASK)
        if text.endswith(_CUT):
            left = text.removesuffix(_CUT)
            whole = self.told_apart(left)
            text = text if len(left) - whole < SHORTEST else f"{left[:whole]}{MASK}{_CUT}"
        return text

    def told_apart(self, text: str) -> int:
        """How much of a text is certain to end with no part of a secret that goes on behind it."""
        end = min((_begins(text, form) for form in self._forms), default=len(text))
        while spanning := [at for form in self._forms if (at := _spans(text, form, end)) >= 0]:
            end = min(spanning)
        return end


def _what(text: str, forms: Sequence[str]) -> str:
    if any(form in text for form in forms):
        return "the value of a secret"
    found = _ANY_SHAPE.search(text)
    return _NAMES[found.lastindex - 1] if found and found.lastindex else ""


def _parts(secret: str) -> Iterator[str]:
    """A secret, and each line of one with several: who quotes it may join them otherwise, or quote one alone."""
    if len(secret) >= SHORTEST:
        yield secret
    yield from (line for part in secret.splitlines()[:_LINES] if len(line := part.strip()) >= LINE and line != secret)


def _begins(text: str, form: str) -> int:
    """Where a text ends with the beginning of a form; its end where it does not."""
    at = text.find(form[0], max(0, len(text) - len(form) + 1))
    while at >= 0 and not form.startswith(text[at:]):
        at = text.find(form[0], at + 1)
    return len(text) if at < 0 else at


def _spans(text: str, form: str, end: int) -> int:
    """Where a form stands that begins before `end` and ends behind it; -1 for nowhere."""
    return text.find(form, max(0, end - len(form) + 1), min(len(text), end + len(form) - 1)) if end < len(text) else -1


def _escaped(form: str) -> Iterator[str]:
    """How a text within a text holds it: as JSON is written here, all in ASCII, and by those who escape slashes too."""
    for text in (json_text(form)[1:-1], json.dumps(form)[1:-1]):
        yield text
        yield text.replace("/", "\\/")


def _texts(value: Json, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a value with its path; keys are texts of what holds them."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield path, name
            yield from _texts(item, f"{path}.{name}" if path else name)
    elif isinstance(value, Sequence):
        for number, item in enumerate(value):
            yield from _texts(item, f"{path}[{number}]")


def _pieced_together(line: Json) -> Iterator[tuple[str, str]]:
    """What the events of a stream say in pieces, each text joined to that in the same place of the next event."""
    events = line.get("events") if isinstance(line, Mapping) else None
    pieces: dict[str, list[str]] = {}
    for event in events if isinstance(events, Sequence) else ():
        for path, text in _texts(event):
            pieces.setdefault(path, []).append(text)
    return ((_TOGETHER + path, "".join(texts)) for path, texts in pieces.items() if len(texts) > 1)
