"""Probe: whether a server that nobody said anything of speaks all of the wire, asked once, beside its first listing.

One request for an assistant that cannot be there goes out together with the listings, so it costs no round trip of
its own and is kept in memory alone. What the answers mean is said in `dialects`.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from asstctl.core.errors import AsstctlError, IncompleteListing, ProviderError, Refused
from asstctl.net.client import JsonClient
from asstctl.net.retry import RetryPolicy
from asstctl.providers.assistants.dialects import Flaw, flaw_of

MISSING = "/assistants/asst_probe_missing"

T = TypeVar("T")


class Probe:
    """What one server has shown so far. It lives as long as its provider."""

    def __init__(self, client: JsonClient, place: str, reads: RetryPolicy) -> None:
        self._client = client
        self._place = place
        self._reads = reads
        self._headers: dict[str, str] = {}
        self._lock = asyncio.Lock()
        self._asked = False
        self._answer: ProviderError | None = None

    def note(self, headers: Mapping[str, str]) -> None:
        """Hear the headers of a listing."""
        self._headers.update(headers)

    async def beside(self, listing: Awaitable[T]) -> T:
        """The listing. Raises Refused for a server that cannot be worked with, whatever it lists."""
        _, result = await asyncio.gather(self._ask(), listing, return_exceptions=True)
        # a listing that goes in circles is a sign; one that fails in any other way says more than the probe
        shown = isinstance(result, IncompleteListing) or not isinstance(result, BaseException)
        if shown and (flaw := flaw_of(self._headers, self._answer)):
            raise refusal(self._place, flaw)
        if isinstance(result, BaseException):
            raise result
        return result

    async def _ask(self) -> None:
        async with self._lock:
            if self._asked:
                return
            try:
                await self._client.request("GET", MISSING, retry=self._reads)
            except ProviderError as error:
                self._answer = error
            except AsstctlError:
                pass  # the listing meets the same, and says it
            self._asked = True


def refusal(place: str, flaw: Flaw) -> Refused:
    """The error for such a server: it names each capability that is missing."""
    lines = [f"{capability}: {sentence}" for capability, sentence in flaw.missing.items()]
    return Refused(f"{place} speaks only {flaw.what}", detail="\n".join(lines), hint=flaw.hint)
