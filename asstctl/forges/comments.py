"""Comments of our own: how their texts are compared, and how one is added without ever standing there twice."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from asstctl.core.errors import NotFound, ProviderError
from asstctl.core.forge import Comment


def bears(body: str, marker: str) -> bool:
    """Whether the first line of a comment is a marker."""
    return body.partition("\n")[0].rstrip("\r") == marker


def same_text(one: str, other: str) -> bool:
    """Whether two texts are the same as a host keeps them: it changes line ends, and what stands at the end."""
    return _plain(one) == _plain(other)


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n").strip()


async def write_comment(
    body: str,
    *,
    edit: Callable[[], Awaitable[Comment]] | None,
    add: Callable[[], Awaitable[Comment]],
    own: Callable[[str], Awaitable[tuple[Comment, ...]]],
) -> Comment:
    """Edit a comment, or add one where there is none or somebody deleted it.

    A comment is added once. Where nobody knows whether it is there now, it is looked for among our `own` by its first
    line; it is not sent again, because the first one may still be on its way.
    """
    if edit is not None:
        with suppress(NotFound):
            return await edit()
    try:
        return await add()
    except ProviderError as error:
        if not error.ambiguous:
            raise
        try:
            found = [one for one in await own(body.partition("\n")[0]) if same_text(one.body, body)]
        except ProviderError:
            raise error from None
        if not found:
            raise
        return found[-1]
