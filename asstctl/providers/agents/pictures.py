"""Pictures: those of a conversation as data URLs, since the Agents wire shows them by URL alone.

Nothing is uploaded: a picture goes with its message. What stands for it until then looks like the id of an upload.
"""

import asyncio
import base64
import mimetypes
from collections.abc import Mapping
from pathlib import Path

from asstctl.core.errors import Refused

MOST_BYTES = 3_000_000
"""Of one picture: a request may hold 4 MiB, and in it a picture grows by a third."""

_INLINE = "inline_"


class Pictures:
    """The pictures of one host. `urls` are their data URLs by what `take` called them."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}

    @property
    def urls(self) -> Mapping[str, str]:
        return self._urls

    async def take(self, file: Path) -> str:
        """Read a picture; what it is called from here on. Raises Refused for one that cannot be sent."""
        try:
            content = await asyncio.to_thread(_read, file)
        except OSError as error:
            said = (error.strerror or "unknown reason").lower()
            raise Refused(f"{file.name} cannot be read", detail=said) from error
        if len(content) > MOST_BYTES:
            raise Refused(
                f"{file.name} is too large to be shown",
                detail=f"a message of the Agents API holds its pictures, and this one has more than {MOST_BYTES} bytes",
                hint="Make it smaller, or give the conversation its URL.",
            )
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        name = f"{_INLINE}{len(self._urls) + 1}"
        self._urls[name] = f"data:{kind};base64,{base64.b64encode(content).decode()}"
        return name

    def drop(self, name: str) -> bool:
        """Forget a picture; whether it was one. Another host may have taken it, and nobody else has it."""
        self._urls.pop(name, None)
        return name.startswith(_INLINE)


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)
