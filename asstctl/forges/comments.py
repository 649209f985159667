"""Comments of our own: how their texts are compared, and how one is added without ever standing there twice."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from asstctl.core.errors import NotFound, ProviderError
from asstctl.core.forge import Comment
from asstctl.forges.api import Api


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the comments of one pull request are written: added under one path, edited, with `method`, under another
    with their id. `comment_of` reads what comes back; `own` finds those that bear a marker and are ours."""

    api: Api
    add_at: str
    edit_at: str
    method: str
    comment_of: Callable[[Any], Comment]
    own: Callable[[str], Awaitable[tuple[Comment, ...]]]

    async def add(self, body: str) -> Comment:
        """Add one, in a request that is sent at most once."""
        written = await self.api.add(self.add_at, {"body": body})
        with self.api.read(self.add_at):
            return self.comment_of(written)

    async def edit(self, id: str, body: str) -> Comment:
        """Put a text in the place of another."""
        path = f"{self.edit_at}/{id}"
        written = await self.api.replace(self.method, path, {"body": body})
        with self.api.read(path):
            return self.comment_of(written)


def bears(body: str, marker: str) -> bool:
    """Whether the first line of a comment is a marker."""
    return body.partition("\n")[0].rstrip("\r") == marker


def same_text(one: str, other: str) -> bool:
    """Whether two texts are the same as a host keeps them: it changes line ends, and what stands at the end."""
    return _plain(one) == _plain(other)


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n").strip()


async def write_comment(desk: Desk, body: str, *, over: str) -> Comment:
    """Edit the comment with the id `over`, or add one where there is none or somebody deleted it.

    A comment is added once. Where nobody knows whether it is there now, it is looked for among our own by its first
    line; it is not sent again, because the first one may still be on its way.
    """
    if over:
        with suppress(NotFound):
            return await desk.edit(over, body)
    try:
        return await desk.add(body)
    except ProviderError as error:
        if not error.ambiguous:
            raise
        try:
            found = [one for one in await desk.own(body.partition("\n")[0]) if same_text(one.body, body)]
        except ProviderError:
            raise error from None
        if not found:
            raise
        return found[-1]
