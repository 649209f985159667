"""Recording: every write of an apply is written down before it is sent and after it ended (ENGINE promise 7).

What cannot be written down is not sent, and nothing is begun after it. `journal` is what writes; without one
nothing is kept.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.errors import AsstctlError, ProviderError
from asstctl.core.journal import Recorder
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.resource import Live
from asstctl.engine.applying.requests import Requests

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recording:
    """Writes of one apply, written down by `recorder` where there is one."""

    requests: Requests
    recorder: Recorder | None = None

    async def begin(
        self,
        address: Address,
        action: Action,
        *,
        before: Live | None = None,
        remote_id: str | None = None,
        sent: Mapping[str, Json] = EMPTY,
        nonce: str = "",
        file: Mapping[str, Any] | None = None,
    ) -> int:
        """Write down what is about to be sent; returns its number. Raises StoreError where that is not possible."""
        if self.recorder is None:
            return 0
        fields = {**before.fields, "metadata": before.metadata} if before else None
        id = before.id if before else remote_id
        try:
            return await self.recorder.begin(
                address, action, remote_id=id, before=fields, sent=sent, nonce=nonce, file=file
            )
        except AsstctlError as error:
            self.requests.give_up(error)
            raise

    async def end(
        self,
        number: int,
        status: OutcomeStatus,
        *,
        remote_id: str | None = None,
        detail: str = "",
        request_id: str | None = None,
    ) -> None:
        """Write down how it ended. What was done stays done where that fails; nothing more is begun."""
        if self.recorder is None:
            return
        try:
            await self.recorder.end(number, status, remote_id=remote_id, detail=detail, request_id=request_id)
        except AsstctlError as error:
            self.requests.give_up(error)

    async def fail(self, number: int, error: AsstctlError) -> None:
        """Write down that it ended in an error: unknown, where it may have happened all the same."""
        provider = error if isinstance(error, ProviderError) else None
        await self.end(
            number,
            OutcomeStatus.UNKNOWN if provider and provider.ambiguous else OutcomeStatus.FAILED,
            detail=str(error),
            request_id=provider.request_id if provider else None,
        )

    async def write(
        self,
        send: Callable[[], Awaitable[T]],
        address: Address,
        action: Action,
        *,
        before: Live | None = None,
        remote_id: str | None = None,
        sent: Mapping[str, Json] = EMPTY,
        file: Mapping[str, Any] | None = None,
    ) -> T:
        """Send one write of something that has an id, written down on both sides. `send` gives what the port does: an
        object that carries the id of its request, or that id itself."""
        id = before.id if before else remote_id
        number = await self.begin(address, action, before=before, remote_id=remote_id, sent=sent, file=file)
        try:
            answer = await send()
        except AsstctlError as error:
            await self.fail(number, error)
            raise
        request_id = answer if isinstance(answer, str) else getattr(answer, "request_id", None)
        await self.end(number, OutcomeStatus.APPLIED, remote_id=id, request_id=request_id)
        return answer
