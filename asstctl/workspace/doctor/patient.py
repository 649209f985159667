"""Patient: one target under examination, and what its checks share, each had once: the open provider, the listing.

Only reads are sent. A check that needs what could not be had says nothing of it: the check whose task it was does.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from asstctl.core.doctor import Finding, Standing
from asstctl.core.errors import AsstctlError
from asstctl.core.exit_codes import ExitCode
from asstctl.core.models import ModelUse
from asstctl.core.ports import Provider
from asstctl.core.resource import Listing
from asstctl.manifest import Loaded
from asstctl.workspace.workspace import Workspace

LISTED = "assistant"
"""The kind whose listing shows whether a target can be worked with."""

T = TypeVar("T")


@dataclass
class Patient:
    """`workspace` is on the target; `loaded` is what the files mean, whatever is wrong with them."""

    workspace: Workspace
    loaded: Loaded
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _provider: Provider | AsstctlError | None = None
    _listing: Listing | AsstctlError | None = None

    @property
    def uses(self) -> tuple[ModelUse, ...]:
        """The models that assistants name on this target."""
        return self.loaded.models.get(self.workspace.target.name, ())

    @cached_property
    def withheld(self) -> AsstctlError | None:
        """Why no request may be sent, as far as keys are concerned."""
        try:
            self.workspace.check_credentials()
        except AsstctlError as error:
            return error
        return None

    @property
    def is_unborn(self) -> bool:
        """Whether the target lives in a file that is not there yet."""
        return self.workspace.is_embedded and not self.workspace.database.exists()

    async def provider(self) -> Provider:
        """The target's provider, open until `aclose`. Raises what opening it raised."""
        if self._provider is None:
            try:
                self._provider = await self._stack.enter_async_context(self.workspace.open())
            except AsstctlError as error:
                self._provider = error
        return _had(self._provider)

    async def listing(self) -> Listing:
        """Every assistant of the account. Raises what asking for it raised."""
        if self._listing is None:
            try:
                self._listing = await (await self.provider()).store.list(LISTED)
            except AsstctlError as error:
                self._listing = error
        return _had(self._listing)

    def finding(self, check: str, error: AsstctlError) -> Finding:
        """An error as a finding: one that leaves things open is no proof that something is wrong."""
        open_end = error.exit_code is ExitCode.INCONCLUSIVE
        hint = error.hint or f"See every request: {self.workspace.info.command('doctor -v')}"
        return Finding(check, Standing.UNKNOWN if open_end else Standing.WRONG, error.summary, hint, error.detail)

    async def is_open(self) -> bool:
        """Whether there is a provider to ask."""
        try:
            await self.provider()
        except AsstctlError:
            return False
        return True

    async def answers(self) -> bool:
        """Whether the target can be worked with, as far as its listing shows."""
        try:
            await self.listing()
        except AsstctlError:
            return False
        return True

    async def aclose(self) -> None:
        """Close what was opened."""
        await self._stack.aclose()


def _had(found: T | AsstctlError) -> T:
    if isinstance(found, AsstctlError):
        raise found
    return found
