"""EntraToken: a Microsoft Entra token for Foundry, drawn through azure-identity and again before it ends.

Owner of azure-identity, an extra, which is imported with the first token: its import takes most of a second. Nothing
here chooses an identity; that is for the machine: a login, a managed identity, a workload's federation.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from asstctl.core.errors import AuthFailed, Refused
from asstctl.core.hidden import Hidden
from asstctl.net.failures import quoted

SCOPE = "https://ai.azure.com/.default"

MARGIN = 300.0
"""Seconds before its end from which on a token is no longer used."""


class Token(Protocol):
    """What azure-identity calls an AccessToken; `expires_on` is in unix seconds."""

    @property
    def token(self) -> str: ...

    @property
    def expires_on(self) -> int: ...


Draw = Callable[[], Token]


class EntraToken:
    """The token of one provider. `draw` may block; it is called in a thread, one call at a time."""

    def __init__(self, hidden: Hidden, draw: Draw | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._hidden = hidden
        self._draw = draw
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None

    async def __call__(self) -> str:
        """A token that is good for a while. Raises AuthFailed, or Refused where azure-identity is not installed."""
        async with self._lock:
            if self._token is None or self._token.expires_on - self._clock() < MARGIN:
                self._token = await asyncio.to_thread(self._drawn)
                self._hidden.add(self._token.token)
            return self._token.token

    def _drawn(self) -> Token:
        self._draw = self._draw or _default()
        try:
            return self._draw()
        except Exception as error:
            # azure-identity raises what every one of its sources may raise; all of it means the same here
            raise AuthFailed(
                "no Entra token could be had",
                detail=quoted(self._hidden.out_of(str(error))) or type(error).__name__,
                hint="Log in (az login) or give this machine an identity; or set api_key to a variable with a token.",
            ) from None


def _default() -> Draw:
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError:
        raise Refused(
            "auth: entra needs azure-identity",
            detail="it comes with the extra `azure`, which is not installed",
            hint="pip install 'asstctl[azure]'",
        ) from None
    # what it logs of a failure is in the error too, and nothing of others reaches a terminal as it is
    logging.getLogger("azure").addHandler(logging.NullHandler())
    credential = DefaultAzureCredential()
    return lambda: credential.get_token(SCOPE)
