"""Partners: whom the conversations of a run talk to on one target: looked at, brought up or copied.

Which assistants those are is decided in `cast`, and how copies are made in `candidates`.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asstctl.core.comparison import WAS
from asstctl.core.plan import Plan
from asstctl.core.ports import Provider
from asstctl.engine.planning.policy import Policy
from asstctl.engine.read import Reading
from asstctl.workspace.conversations.candidates import Copies, copies
from asstctl.workspace.conversations.cast import Cast, as_declared, brought_up, deployed_ids, differences, live
from asstctl.workspace.conversations.equipment import equipment, recorded_stores, stores_in
from asstctl.workspace.conversations.ledger import FileLedger
from asstctl.workspace.conversations.loading import assistants_of
from asstctl.workspace.conversations.options import Testing
from asstctl.workspace.plan import plan_on
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import Case


@dataclass(frozen=True, slots=True)
class Seen:
    """A plan of the tested assistants and all that they use, and the reading that it rests on."""

    plan: Plan
    reading: Reading


async def looked_at(workspace: Workspace, provider: Provider, testing: Testing, cases: "Iterable[Case]") -> Seen | None:
    """What is there of the tested assistants; None where the files are brought up anyway."""
    if workspace.is_embedded and not (testing.affected or testing.candidate or testing.live):
        return None
    policy = Policy(only=workspace.with_dependencies(assistants_of(cases)))
    return Seen(*await plan_on(workspace, provider, policy))


@asynccontextmanager
async def talked_to(
    workspace: Workspace,
    provider: Provider,
    testing: Testing,
    cases: "Sequence[Case]",
    seen: Seen | None,
    ledger: FileLedger | None,
) -> AsyncIterator[tuple[Cast, Copies]]:
    """Who is talked to, and the copies that were made for it, which are gone afterwards. Without a ledger nothing is
    made: tapes answer, and they know nobody's id."""
    if ledger is None:
        ids = {case.assistant: f"asst_recorded_{case.assistant}" for case in cases}
        desired = workspace.desired()
        yield Cast(ids, equipment=equipment(desired, recorded_stores(desired))), Copies()
        return
    declared = {one.address for one in workspace.desired()}
    tested = assistants_of(cases) & declared
    if seen and testing.candidate:
        async with copies(workspace, provider, seen.plan, seen.reading, tested, ledger) as made:
            # between a copy and what it is a copy of there is nothing to compare
            differing = {address.key for address, _ in differences(workspace, seen.plan, tested)}
            deployed = {key: id for key, id in deployed_ids(seen.plan).items() if key in differing}
            desired, there = workspace.desired(), stores_in(seen.plan)
            own = equipment(desired, {**there, **made.stores})
            yield Cast(made.ids, deployed, own, equipment(desired, there)), made
    elif seen and testing.live:
        yield live(workspace, seen.plan, tested), Copies()
    elif seen and not workspace.is_embedded:
        yield as_declared(workspace, seen.plan, tested, copies=testing.compare in ("", WAS)), Copies()
    else:
        yield await brought_up(workspace, provider, tested), Copies()


def replies_of(workspace: Workspace) -> tuple[str, bool]:
    """Where answers come from, in words, and whether the assistant's own instructions have a part in them."""
    if not workspace.is_embedded:
        return f"from {workspace.target.provider} at {workspace.info.place}", True
    replies: Any = workspace.target.replies
    if replies == "echo":
        return "echoed", False
    if "script" in replies:
        return f"scripted ({str(replies['script']).rsplit('/', 1)[-1]})", False
    return f"from a model at {replies['chat']['base_url']}", True
