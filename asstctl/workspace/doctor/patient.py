"""Patient: one target under examination, and what its checks share, each had once: the open provider, its listings, the
conversations.

Only reads are sent, and a target in this process is looked at in a copy. A check that needs what could not be had says
nothing of it: the check whose task it was does.
"""

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from asstctl.core.diagnostic import Diagnostic, has_errors
from asstctl.core.doctor import Finding, Standing
from asstctl.core.errors import AsstctlError
from asstctl.core.exit_codes import ExitCode
from asstctl.core.models import ModelUse
from asstctl.core.ports import Provider
from asstctl.core.resource import Listing
from asstctl.engine.read import Interest, Reading, read
from asstctl.kinds import KINDS
from asstctl.manifest import Loaded
from asstctl.workspace.workspace import Workspace

LISTED = "assistant"
"""The kind whose listing shows whether a target can be worked with."""

T = TypeVar("T")

if TYPE_CHECKING:
    from asstctl.conversation.case import Case
    from asstctl.providers.local.inspection import Inspected


@dataclass
class Patient:
    """`workspace` is on the target; `loaded` is what the files mean there, whatever is wrong with them. `known` is what
    was said of the files already."""

    workspace: Workspace
    loaded: Loaded
    known: tuple[Diagnostic, ...] = ()
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _provider: Provider | AsstctlError | None = None
    _listing: Listing | AsstctlError | None = None
    _reading: Reading | AsstctlError | None = None
    _inspected: "Inspected | AsstctlError | None" = None

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

    @cached_property
    def is_clear(self) -> bool:
        """Whether the files say without an error what is meant here."""
        return not has_errors(self.loaded.diagnostics)

    @cached_property
    def _conversations(self) -> "tuple[tuple[Case, ...], tuple[Diagnostic, ...]]":
        from asstctl.workspace.conversations.loading import load_conversations

        return load_conversations(self.workspace, self.loaded)

    @property
    def cases(self) -> "tuple[Case, ...]":
        """The conversations of the project, as they are had here."""
        return self._conversations[0]

    def inspected(self) -> "Inspected":
        """The database of a target in this process. Raises StoreError for one that cannot be used."""
        from asstctl.providers.local.inspection import inspected

        if self._inspected is None:
            try:
                self._inspected = inspected(self.workspace.database, self.workspace.info.place)
            except AsstctlError as error:
                self._inspected = error
        return _had(self._inspected)

    @property
    def is_usable(self) -> bool:
        """Whether the database of a target in this process is one."""
        try:
            self.inspected()
        except AsstctlError:
            return False
        return True

    async def provider(self) -> Provider:
        """The target's provider, open until `aclose`. Raises what opening it raised."""
        if self._provider is None:
            try:
                looking = replace(self.workspace, copied=True)
                self._provider = await self._stack.enter_async_context(looking.open())
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

    async def reading(self) -> Reading:
        """Every object of every kind that the target has: the listing, and that of each other kind. Raises what asking
        for them raised."""
        if self._reading is None:
            try:
                assistants = await self.listing()
                others = [kind for kind in KINDS if kind != LISTED]
                store = (await self.provider()).store
                reading = await read(store, others, interest=Interest(kinds=frozenset()))
                self._reading = Reading({LISTED: assistants, **reading.listings}, time.monotonic())
            except AsstctlError as error:
                self._reading = error
        return _had(self._reading)

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
