"""Secrets: held so that they cannot be printed by accident, and kept out of what files mean.

A secret is used by target settings alone; a value of a manifest that contains one is an error, so that no
plan, mark or journal can hold it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from asstctl.core.json_types import Json

Path = tuple[str | int, ...]

SECRET_ENDINGS = ("KEY", "TOKEN", "SECRET", "PASSWORD")
"""An environment variable whose name ends so must be declared `secret: true`."""

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


def looks_secret(env: str) -> bool:
    """Whether a name in the environment says that its value is a secret."""
    return env.upper().endswith(SECRET_ENDINGS)


def leaks(value: Json, secrets: Iterable[Secret]) -> Iterator[tuple[Path, Secret]]:
    """Every text inside a value that contains a secret."""
    known = [secret for secret in secrets if len(secret.reveal()) >= SHORTEST]
    if known:
        yield from _leaks(value, known, ())


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
