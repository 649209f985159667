"""Which conversations a change concerns: by what differs of their assistants, and of their own files.

A conversation is concerned where its assistant, or anything that this depends on, is not on the target what the files
say, and where one of the files that it is made of differs from a git revision. The store of a target in this process is
brought to the files by every run, and tells nothing of a change: there the files of now are held against those of that
revision. What code of stubs reads nobody knows: a conversation that runs code is concerned by every changed file that
is not known to be something else.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from asstctl.core.address import Address
from asstctl.core.change import Change
from asstctl.core.errors import WrongUsage
from asstctl.core.plan import Plan
from asstctl.core.resource import Desired
from asstctl.documents.paths import shown
from asstctl.workspace.conversations.before import desired_before
from asstctl.workspace.git import NoAnswer, NoGit, ask_git
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import Case

INSTRUCTIONS = "instructions"
HEAD = "HEAD"

_NEVER_CODE = frozenset({".yaml", ".yml", ".md"})


Differing = Mapping[Address, frozenset[str]]
"""What differs: for each address the names of its fields, or EVERYTHING."""

EVERYTHING = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Concerned:
    """The conversations that a change concerns, what of their assistants differs, and what is to be said of it."""

    cases: "tuple[Case, ...]"
    differing: Differing
    warnings: tuple[str, ...] = ()

    @property
    def instructions_alone(self) -> bool:
        """Whether instructions differ, and nothing else."""
        return bool(self.differing) and all(names == {INSTRUCTIONS} for names in self.differing.values())


@dataclass(frozen=True, slots=True)
class _Since:
    """The files that differ from a commit."""

    commit: str
    files: frozenset[str]


def concerned(workspace: Workspace, plan: Plan, cases: "Iterable[Case]", since: str | None) -> Concerned:
    """Those of the cases that a change concerns; by the plan alone where `since` is None.

    Raises WrongUsage for a revision that git does not know.
    """
    differing: Differing | None = None
    changed, warnings = (None, ()) if since is None else _changed_since(workspace.project.root, since)
    if changed and workspace.is_embedded:
        differing = _since_then(workspace, changed)
    if differing is None:
        differing = {change.address: _names(change) for change in plan.changes if change.pending or change.block}
    script = _script(workspace)
    answers_otherwise = changed is not None and script in changed.files
    if answers_otherwise:
        what = f"{script} changed, which says what is replied on {workspace.target.name}"
        warnings = (*warnings, f"{what}: every conversation counts as affected")
    chosen, found = [], dict[Address, frozenset[str]]()
    for case in cases:
        needed = workspace.with_dependencies(frozenset({Address("assistant", case.assistant)}))
        mine = {address: differing[address] for address in needed if address in differing}
        found |= mine
        unknown = since is not None and changed is None
        if mine or unknown or answers_otherwise or (changed and _touches(case, changed.files)):
            chosen.append(case)
    return Concerned(tuple(chosen), found, warnings)


def _names(change: Change) -> frozenset[str]:
    if change.remote_id is None:
        return EVERYTHING
    return frozenset([*(field.name for field in change.fields), *(["files"] if change.files else [])]) or EVERYTHING


def _since_then(workspace: Workspace, changed: _Since) -> Differing | None:
    """What the files say now and did not say then; None where nobody can tell what they said."""
    if not changed.files:
        return {}
    then = desired_before(workspace, changed.commit, changed.files)
    if then is None:
        return None
    before = {one.address: one for one in then}
    found = {one.address: _fields_between(before.get(one.address), one) for one in workspace.desired()}
    return {address: names for address, names in found.items() if names}


def _fields_between(then: Desired | None, now: Desired) -> frozenset[str]:
    if then is None:
        return EVERYTHING
    fields = {name for name in {*then.fields, *now.fields} if then.fields.get(name) != now.fields.get(name)}
    return frozenset(fields | ({"files"} if then.files != now.files else set()))


def _touches(case: "Case", changed: Collection[str]) -> bool:
    return not _files_of(case).isdisjoint(changed) or (
        case.runs_code and any(PurePosixPath(name).suffix not in _NEVER_CODE for name in changed)
    )


def _files_of(case: "Case") -> set[str]:
    """The files that a conversation is made of, as their paths in the project."""
    rules = (rule for those in case.stubs.values() for rule in those)
    sent = (
        file
        for some in (case.files, *(m.files for m in case.messages), *(t.files for t in case.turns))
        for file in some
    )
    return {case.where.path, *(rule.where.path for rule in rules), *(file.shown for file in sent if file.path)}


def _script(workspace: Workspace) -> str:
    """The file that says what is replied on a target in this process, as its path in the project; "" for none."""
    replies: Any = workspace.target.replies if workspace.is_embedded else None
    if not isinstance(replies, Mapping) or "script" not in replies:
        return ""
    return shown(workspace.project.root, Path(str(replies["script"])))


def _changed_since(root: Path, since: str) -> tuple[_Since | None, tuple[str, ...]]:
    """The files below the project that differ from a revision, untracked ones included; None where git cannot say."""
    try:
        ask_git(root, "rev-parse", "--git-dir")
    except NoAnswer as error:
        why = "there is no git" if isinstance(error, NoGit) else "the project lies in no git repository"
        return None, _not_known(why)
    try:
        found = ask_git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}")
    except NoAnswer as error:
        if since == HEAD:
            return None, _not_known("nothing is committed yet")
        raise WrongUsage(
            f"git knows no revision {since!r}",
            detail="--affected compares the files of conversations with it",
            hint=f"git fetch origin {since.rpartition('/')[2]}",
        ) from error
    commit = found.decode("ascii").strip()
    compare = (
        "diff",
        "--name-only",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
        "--relative",
        "-z",
        commit,
        "--",
    )
    try:
        said = ask_git(root, *compare, seconds=30)
        said += ask_git(root, "ls-files", "--others", "--exclude-standard", "-z", seconds=30)
    except NoAnswer as error:
        return None, _not_known(str(error))
    return _Since(commit, frozenset(os.fsdecode(name) for name in said.split(b"\0") if name)), ()


def _not_known(why: str) -> tuple[str, ...]:
    return (f"which files changed is not known, so every conversation counts as affected: {why}",)
