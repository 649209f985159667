"""Where replies come from: one file per backend, and the one table that names them.

A new backend is a file and a line in `_BACKENDS`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from asstctl.emulator.errors import UnknownReplies
from asstctl.emulator.replies.values import Backend

Json = Any
Replies = str | Mapping[str, Json] | Backend
"""`"echo"`, `{"script": PATH}`, `{"chat": {...}}`, or a backend that is already made."""


def _echo(_: Json) -> Backend:
    from asstctl.emulator.replies.echo import Echo

    return Echo()


def _script(setting: Json) -> Backend:
    from asstctl.emulator.replies.script import Script

    return Script.load(setting)


def _chat(setting: Json) -> Backend:
    from asstctl.emulator.replies.chat import Chat

    return Chat.configure(setting)


_BACKENDS: dict[str, Callable[[Json], Backend]] = {"echo": _echo, "script": _script, "chat": _chat}


def make_backend(replies: Replies) -> Backend:
    """The backend that a setting names. A setting that names none is refused by name."""
    if isinstance(replies, str):
        name, setting = replies, None
    elif isinstance(replies, Mapping):
        if len(replies) != 1:
            raise UnknownReplies(f"replies name one backend, but here are {len(replies)}: {', '.join(replies)}")
        ((name, setting),) = replies.items()
    else:
        return replies
    if name not in _BACKENDS:
        raise UnknownReplies(f"there is no reply backend {name!r}; there are {', '.join(_BACKENDS)}")
    return _BACKENDS[name](setting)
