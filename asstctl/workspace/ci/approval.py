"""Finds the plan that was approved: the record of a run for the pull request's last commit, as far as it is trusted."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from asstctl.core.errors import BadAnswer, NotFound, Refused
from asstctl.core.forge import Artifact, Pipeline, PullRequest, Review
from asstctl.core.pipeline import Record
from asstctl.core.plan import TargetInfo
from asstctl.core.ports import Forge
from asstctl.workspace.ci.out_folder import APPROVED, JOURNAL, PLAN, OutFolder
from asstctl.workspace.ci.records import FILE, read_record
from asstctl.workspace.ci.records import LARGEST as LARGEST_RECORD
from asstctl.workspace.ci.trust import AGAIN, Doubt, Wanted, doubt_of_merge, doubt_of_record, doubt_of_run, short
from asstctl.workspace.saved_plans import LARGEST, Agreement, read_plan

_LOOKED_AT = 20
"""So many artifacts of one name are looked at: each is of another run, and most commits have one."""


@dataclass(frozen=True, slots=True)
class Approval:
    """The plan that was approved, or why there is none. `pull_request` is the one that was merged, if any was; `later`
    the commit that stands in the way of every approval, because this one would take it back."""

    agreement: Agreement | None = None
    pull_request: PullRequest | None = None
    doubts: tuple[Doubt, ...] = ()
    later: str = ""


async def approval_of(
    forge: Forge, pipeline: Pipeline, label: str, target: TargetInfo, out: OutFolder, *, workflow: str = ""
) -> Approval:
    """The plan that was approved with the pull request whose merge is checked out. `workflow` is the file whose runs
    alone count, or nothing."""
    pull = await forge.merged_by(pipeline.commit)
    doubt = doubt_of_merge(pull, pipeline)
    if pull is None or doubt:
        return Approval(None, pull, (doubt,) if doubt else ())
    if doubt := doubt_of_merge(pull, pipeline, base_has_it=await forge.contains(pull.base, pipeline.commit)):
        return Approval(None, pull, (doubt,))
    wanted = Wanted(label, target, pull, pipeline.commit, workflow)
    found = await trusted(forge, wanted)
    if found.record is None or found.artifact is None:
        return Approval(None, pull, found.doubts)
    return Approval(await _agreement(forge, found.artifact, found.record, out), pull)


async def applied_later(forge: Forge, pipeline: Pipeline, name: str) -> str:
    """A later commit of this branch of which an apply wrote something, and left its journal under this name; else
    nothing. A job that is run again, or that somebody lets go on late, must not take that back.

    A run that is of no branch, as one of a tag is, brings what was merged into one.
    """
    pull = None if pipeline.branch else await forge.merged_by(pipeline.commit)
    branch = pull.base_branch if pull else pipeline.branch
    if not branch or (tip := await forge.tip(branch)) == pipeline.commit:
        return ""
    for artifact in (await forge.left_on(pipeline.branch, name))[:_LOOKED_AT]:
        if artifact.head == pipeline.commit or not await _contains(forge, artifact.head, pipeline.commit):
            continue
        if not pipeline.branch and not await _contains(forge, tip, artifact.head):
            continue
        with suppress(NotFound, BadAnswer):
            await forge.content(artifact, JOURNAL, at_most=LARGEST)
            return artifact.head
    return ""


async def keep_earlier_journal(forge: Forge, pipeline: Pipeline, name: str, out: OutFolder) -> None:
    """A job that is run again leaves its files in the place of those that it left before. What was written then has to
    be among them still: by that others are told that this commit was applied."""
    for artifact in await forge.artifacts(name, pipeline.commit):
        if artifact.run == pipeline.run:
            with suppress(NotFound, BadAnswer):
                out.write(JOURNAL, await forge.content(artifact, JOURNAL, at_most=LARGEST))
                return


async def digests_approved(forge: Forge, wanted: Wanted, reviews: Iterable[Review]) -> Mapping[str, str]:
    """The digest of the plan of each commit that was approved, as far as a trusted run left one. Otherwise than its
    commit it is what is wanted."""
    found = {}
    for commit in dict.fromkeys(review.commit for review in reviews):
        of_commit = replace(wanted, pull_request=replace(wanted.pull_request, head=commit))
        if record := (await trusted(forge, of_commit)).record:
            found[commit] = record.digest
    return found


async def doubt_about(forge: Forge, wanted: Wanted, id: str) -> Doubt | None:
    """Why nothing that a run leaves will count, known before it has left anything."""
    run = await forge.run(id)
    artifact = Artifact("", wanted.artifact, run.id, run.head)
    return doubt_of_run(wanted, artifact, run, await forge.versions(run.files, run.head, wanted.pull_request.base))


@dataclass(frozen=True, slots=True)
class Found:
    """The newest record that is trusted, and the artifact it was in; else why none is."""

    record: Record | None = None
    artifact: Artifact | None = None
    doubts: tuple[Doubt, ...] = ()


async def trusted(forge: Forge, wanted: Wanted) -> Found:
    """The newest record of what is wanted that may be believed."""
    if not forge.can_keep:
        way = "approve the plan by its digest"
        return Found(doubts=(Doubt("no run of this forge leaves anything that it vouches for", way),))
    artifacts = await forge.artifacts(wanted.artifact, wanted.head)
    doubts = []
    for artifact in artifacts[:_LOOKED_AT]:
        judged = await _judged(forge, wanted, artifact)
        if isinstance(judged, Record):
            return Found(judged, artifact)
        doubts.append(judged)
    if not artifacts:
        said = f"no run left {wanted.artifact} for {short(wanted.head)}, or what it left has expired"
        doubts.append(Doubt(said, AGAIN))
    return Found(doubts=tuple(dict.fromkeys(doubts)))


async def _judged(forge: Forge, wanted: Wanted, artifact: Artifact) -> Record | Doubt:
    """The record in an artifact, or why it is not believed. Nothing of it is fetched before its run is trusted."""
    try:
        run = await forge.run(artifact.run)
        versions = await forge.versions(run.files, run.head, wanted.pull_request.base)
        if doubt := doubt_of_run(wanted, artifact, run, versions):
            return doubt
        record = read_record(await forge.content(artifact, FILE, at_most=LARGEST_RECORD))
    except (NotFound, BadAnswer) as error:
        return Doubt(f"{artifact.name} of run {artifact.run} cannot be read: {error}", AGAIN)
    except ValueError as error:
        return Doubt(f"the record of run {artifact.run} is none: {error}", AGAIN)
    contained = {record.base} if await _contains(forge, wanted.onto, record.base) else set()
    return doubt_of_record(wanted, artifact, record, contained) or record


async def _contains(forge: Forge, commit: str, ancestor: str) -> bool:
    """Whether a commit has another one; one that nobody knows is in none."""
    try:
        return bool(ancestor) and await forge.contains(commit, ancestor)
    except NotFound:
        return False


async def _agreement(forge: Forge, artifact: Artifact, record: Record, out: OutFolder) -> Agreement:
    """What was agreed to, with what the saved plan showed as far as that can be had: for a difference to be told by its
    values. The record alone decides."""
    bare = Agreement(record.approved, record.digest)
    try:
        path = out.write(APPROVED, await forge.content(artifact, PLAN, at_most=LARGEST))
        return replace(read_plan(path, record.digest), path="")
    except (NotFound, BadAnswer, Refused):
        return bare
