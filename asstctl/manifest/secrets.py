"""Secrets: held so that they cannot be printed by accident, and kept out of what files mean.

A secret is used by target settings alone; a value of a manifest that contains one is an error, so that no
plan, mark or journal can hold it.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from asstctl.core.diagnostic import Diagnostic
from asstctl.core.hidden import looks_secret
from asstctl.core.json_types import Json

Path = tuple[str | int, ...]

NOT_SHOWN = "(a secret)"
"""Stands for a live value that must not be shown."""

SHORTEST = 4
"""A secret of fewer characters is not looked for: it would be found everywhere."""


@dataclass(frozen=True)
class Secret:
    """A value from the environment; `env` is the name it came from. Neither repr nor str shows the value."""

    env: str
    _value: str = field(repr=False)

    def __str__(self) -> str:
        return f"(the value of {self.env})"

    def reveal(self) -> str:
        """The value itself, for the one request that needs it."""
        return self._value


def masked(diagnostics: Iterable[Diagnostic], secrets: Iterable[Secret]) -> tuple[Diagnostic, ...]:
    """The same diagnostics with no secret in them: each of its characters is a `*`, so that carets stay right. A line
    that one of them keeps to itself, because a secret may be written in it, is shown by none."""
    diagnostics = tuple(diagnostics)
    kept = {(one.where.path, one.where.line) for one in diagnostics if one.where and not one.where.text}
    diagnostics = tuple(_without_line(one, kept) for one in diagnostics) if kept else diagnostics
    known = sorted({form for secret in secrets for form in _forms(secret.reveal())}, key=len, reverse=True)
    if not known:
        return diagnostics
    return tuple(_masked(one, known) for one in diagnostics)


def _without_line(diagnostic: Diagnostic, kept: Collection[tuple[str, int]]) -> Diagnostic:
    where = diagnostic.where
    if where is None or (where.path, where.line) not in kept:
        return diagnostic
    return replace(diagnostic, where=replace(where, text=""))


def _masked(diagnostic: Diagnostic, known: Sequence[str]) -> Diagnostic:
    where = diagnostic.where
    return replace(
        diagnostic,
        summary=_without(diagnostic.summary, known),
        detail=_without(diagnostic.detail, known),
        hint=_without(diagnostic.hint, known),
        where=where and replace(where, text=_without(where.text, known)),
    )


def _forms(value: str) -> Iterator[str]:
    """How a secret may stand in a line of a file: whole, as JSON writes it, or one line of it."""
    for form in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], *value.splitlines()):
        if len(form.strip()) >= SHORTEST:
            yield form.strip()


def _without(text: str, known: Sequence[str]) -> str:
    for form in known:
        text = text.replace(form, "*" * len(form))
        if "…" in text:  # a message quotes the beginning of a long value
            for length in range(len(form) - 1, SHORTEST - 1, -1):
                text = text.replace(f"{form[:length]}…", "*" * length + "…")
    return text


def declared_in(value: Json, environ: Mapping[str, str], *, secret: bool = False) -> Iterator[Secret]:
    """Every secret that a project file speaks of, whatever else is wrong with the file.

    `secret`: every name in this part of it is one.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            env = item.get("env") if isinstance(item, Mapping) else None
            if isinstance(env, str) and env in environ:
                assert isinstance(item, Mapping)
                if secret or key == "api_key" or item.get("secret") or looks_secret(env):
                    yield Secret(env, environ[env])
            yield from declared_in(item, environ, secret=key == "headers")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from declared_in(item, environ)


def leaks(value: Json, secrets: Iterable[Secret]) -> Iterator[tuple[Path, Secret]]:
    """Every text inside a value that contains a secret."""
    known = [secret for secret in secrets if len(secret.reveal()) >= SHORTEST]
    if known:
        yield from _leaks(value, known, ())


def unless_secret(value: Json, secrets: Sequence[Secret]) -> Json:
    """A live value as it may be shown: somebody may have put a secret there."""
    return NOT_SHOWN if next(leaks(value, secrets), None) else value


def _leaks(value: Json, secrets: Sequence[Secret], path: Path) -> Iterator[tuple[Path, Secret]]:
    if isinstance(value, str):
        yield from ((path, secret) for secret in secrets if secret.reveal() in value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaks(key, secrets, (*path, key))
            yield from _leaks(item, secrets, (*path, key))
    elif isinstance(value, Sequence):
        for number, item in enumerate(value):
            yield from _leaks(item, secrets, (*path, number))
