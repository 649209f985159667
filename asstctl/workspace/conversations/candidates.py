"""Candidates: short-lived copies of what the files say, to be tested beside what is deployed.

A copy is created like everything else, by a plan and its apply; it bears the key `guagua~RUN`, so that plans leave it
out. Stores that are what the files say already are used as they are. What is made stands in the run's ledger instead of
a journal: it is not for `undo`, and it is removed on every way out.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from asstctl.core.address import Address
from asstctl.core.errors import Refused
from asstctl.core.outcome import ApplyReport, OutcomeStatus
from asstctl.core.plan import Plan
from asstctl.core.ports import Provider, unseen
from asstctl.core.reference import address_of
from asstctl.core.resource import Desired
from asstctl.engine.applying.apply import Run
from asstctl.engine.applying.apply import apply as carry_out
from asstctl.engine.planning.plan import decide
from asstctl.engine.planning.policy import Policy
from asstctl.engine.planning.resolve import STORES, STORES_KEY, items_of
from asstctl.engine.read import Reading
from asstctl.workspace.conversations.gc import Sweep, known_uploads
from asstctl.workspace.conversations.ledger import CopyRecorder, FileLedger
from asstctl.workspace.workspace import Workspace

_DRAIN = 60.0
"""Seconds that what was sent is waited for after Ctrl-C, and then its removal."""


@dataclass
class Copies:
    """The copies of one run: the ids of assistants by their key, of stores by what they are copies of, and afterwards
    what of them could not go."""

    ids: Mapping[str, str] = field(default_factory=dict)
    stores: Mapping[Address, str] = field(default_factory=dict)
    left_behind: tuple[str, ...] = ()


@asynccontextmanager
async def copies(
    workspace: Workspace,
    provider: Provider,
    plan: Plan,
    reading: Reading,
    assistants: Iterable[Address],
    ledger: FileLedger,
) -> AsyncIterator[Copies]:
    """Copies of these assistants, with copies of the stores that are not what the files say on the plan's target.

    `reading` is what the plan was made from. Raises Refused where one cannot be made; none of them is left then.
    """
    from asstctl.conversation.playing.cleanup import unhurried

    made, recorder = Copies(), CopyRecorder(ledger)
    maker = _Maker(workspace, provider, plan, reading, recorder, ledger.run)
    try:
        made.ids, made.stores = await maker.make(frozenset(assistants))
        yield made
    finally:
        sweep = Sweep(provider, plan.target.project, ledger.run)
        await unhurried(sweep.through(recorder, partial(known_uploads, workspace, provider)), _DRAIN)
        made.left_behind = tuple(entry.id or entry.name for entry in recorder.left)


@dataclass
class _Maker:
    workspace: Workspace
    provider: Provider
    plan: Plan
    reading: Reading
    recorder: CopyRecorder
    run: str

    async def make(self, assistants: frozenset[Address]) -> tuple[dict[str, str], dict[Address, str]]:
        """The ids of the copies, of assistants and of stores: these first, because assistants name their ids."""
        declared = {one.address: one for one in self.workspace.desired()}
        differing = {change.address for change in self.plan.changes if change.pending or change.block}
        used = {address for one in assistants for address in declared[one].depends_on}
        fresh = await self._created([declared[store] for store in sorted(used & differing)])
        stores = {change.address: change.remote_id for change in self.plan.changes if change.remote_id} | fresh
        made = await self._created([_naming(declared[one], stores) for one in sorted(assistants)])
        return {address.key: id for address, id in made.items()}, fresh

    async def _created(self, originals: Sequence[Desired]) -> dict[Address, str]:
        """Copies of these, by the address of the original."""
        by_copy = {one.address.candidate(self.run): one.address for one in originals}
        if not by_copy:
            return {}
        wanted = [
            replace(one, address=one.address.candidate(self.run), protect=False, depends_on=()) for one in originals
        ]
        plan = decide(
            wanted,
            self.reading.objects,
            target=self.plan.target,
            capabilities=self.provider.store.capabilities,
            policy=Policy(allow_same_name=frozenset(by_copy), only=frozenset(by_copy)),
            revision=self.plan.revision,
        ).plan
        ids = {}
        for outcome in (await self._carried_out(plan)).outcomes:
            if outcome.status is not OutcomeStatus.APPLIED or outcome.remote_id is None:
                original = by_copy[outcome.address]
                raise Refused(f"no copy of {original} can be made", detail=outcome.detail, hint=outcome.hint)
            ids[by_copy[outcome.address]] = outcome.remote_id
        return ids

    async def _carried_out(self, plan: Plan) -> ApplyReport:
        """The report of an apply that is not torn off: what was sent on Ctrl-C is waited for, so that it can go."""
        from asstctl.conversation.playing.cleanup import unhurried

        stop = asyncio.Event()
        workspace = self.workspace
        run = Run(
            stop=stop,
            recorder=self.recorder,
            root=workspace.project.root,
            observer=workspace.observer or unseen,
            tracer=workspace.tracer,
        )
        task = asyncio.create_task(carry_out(plan, self.provider.store, self.reading, run, files=self.provider.files))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            stop.set()
            await unhurried(task, _DRAIN)
            raise


def _naming(assistant: Desired, stores: Mapping[Address, str]) -> Desired:
    """The assistant with the ids of its stores in the place of their references."""
    named = items_of(assistant.fields.get(STORES), STORES_KEY)
    if not named:
        return assistant
    ids = [stores[address] if (address := address_of(item)) else item for item in named]
    return replace(assistant, fields={**assistant.fields, STORES: {STORES_KEY: ids}})
