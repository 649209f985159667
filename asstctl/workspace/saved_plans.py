"""Saved and approved plans: written to a file, read again with suspicion, and held against the plan of now.

A saved plan is never carried out from its own content: it says what was chosen and what was agreed to, `apply`
plans anew from the files, and goes on if what is left is covered (`engine.planning.approval`). It is believed
neither for URLs nor for credentials.
"""

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from asstctl.core.approval import Altered, Approved, Difference, read_approved
from asstctl.core.change import ABSENT, Change
from asstctl.core.errors import Refused, WrongUsage
from asstctl.core.json_text import read_json
from asstctl.core.json_types import EMPTY
from asstctl.core.plan import Plan, TargetInfo
from asstctl.core.plans import Contrast, PlanChanged, Step
from asstctl.documents.source import read_plain
from asstctl.documents.whole_files import write_whole
from asstctl.engine.planning.approval import approved_of, difference, digest, is_shown_by
from asstctl.engine.planning.policy import MAX_DELETES
from asstctl.workspace.choices import Choices

SCHEMA = "asstctl/plan/v1"
LARGEST = 64 * 1024 * 1024
"""How many bytes a saved plan may have; one of 5,000 assistants has some ten million."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What somebody approved: a saved plan, the digest of one, or both.

    `steps` and `files` are what the saved plan showed, by address and field or path: to be shown again, nothing else.
    """

    approved: Approved | None = None
    digest: str = ""
    path: str = ""
    steps: Mapping[str, Mapping[str, Step]] = field(default_factory=lambda: EMPTY)
    files: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: EMPTY)

    @property
    def choices(self) -> Choices:
        """What the saved plan was made with; to be checked against the files like anything typed."""
        return _choices(self.approved.flags if self.approved else (), self.path)


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan for its owner alone: whole or not at all, never through a symlink, and over nothing but an earlier
    plan or an empty file. Raises Refused."""
    from asstctl.render.json.plan import saved_plan_json

    text = saved_plan_json(plan, approved_of(plan))
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise Refused(f"{path} is not a plain file", detail="a plan is written to no link, folder or device")
    if path.exists() and not _is_plan(path):
        raise Refused(f"{path} is there already, and is not a plan", hint="name another file, or move it away")
    try:
        write_whole(path, text.encode(), lasting=True)
    except OSError as error:
        raise Refused(f"cannot write {path}", detail=error.strerror or str(error)) from error


def agreement_of(path: Path | None, expected: str | None) -> Agreement | None:
    """What was approved, from a saved plan, the digest of one, or both. Raises WrongUsage for what is no digest."""
    if expected is not None and not _DIGEST.fullmatch(expected):
        raise WrongUsage(f"--expect: {expected!r} is not the digest of a plan", hint="asstctl plan -v shows it")
    if path is not None:
        return read_plan(path, expected or "")
    return Agreement(digest=expected) if expected else None


def read_plan(path: Path, expected: str = "") -> Agreement:
    """A plan that was saved. Raises Refused for anything else, and where its digest is not the expected one."""
    try:
        try:
            document = read_json(read_plain(path, LARGEST))
        except JSONDecodeError:
            raise ValueError("it is not JSON") from None
        if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        if "approved" not in document:
            raise ValueError("it was printed and not saved with --out")
        approved = read_approved(document["approved"])
        if document.get("digest") != digest(approved):
            raise ValueError("its digest is not that of its content: it was edited")
        steps, files = _shown(document)
        if not is_shown_by(approved, _pending(document), steps):
            raise ValueError("what it shows is not what its digest stands for: it was edited")
        agreement = Agreement(approved, digest(approved), str(path), steps, files)
        _choices(approved.flags, str(path))
    except OSError as error:
        raise Refused(f"cannot read {path}", detail=error.strerror or str(error)) from error
    except ValueError as error:
        raise Refused(
            f"{path} is not a plan that can be applied",
            detail=str(error),
            hint="save a new one: asstctl plan --out plan.json",
        ) from error
    if expected and expected != agreement.digest:
        raise Refused(
            f"{path} is not the plan that was approved", detail=f"approved {expected}\n{path} {agreement.digest}"
        )
    return agreement


def check_target(agreement: Agreement, info: TargetInfo) -> None:
    """Raises Refused where the plan is of another project or target, before anything is sent."""
    approved = agreement.approved
    if approved is None:
        return
    path = shlex.quote(agreement.path)
    anew = info.command(f"plan --out {path}")
    here = {"project": info.project, "target": info.name, "provider": info.provider, "url": info.url}
    for what, value in here.items():
        planned: str = getattr(approved, what)
        if planned != value:
            there = replace(info, default=True).command(f"apply {path}")
            raise Refused(
                f"{agreement.path} is a plan for another {what}",
                detail=f"it was made for {planned or 'none'}, this is {value or 'none'}",
                hint=f"leave --target out: {there}" if what == "target" else f"plan again: {anew}",
            )


def hold_against(agreement: Agreement, plan: Plan) -> None:
    """Raises PlanChanged unless everything that the plan would do now was approved."""
    flags = "".join(f" {flag}" for flag in plan.flags)
    if agreement.approved is None:
        if plan.pending and agreement.digest != plan.digest:
            raise PlanChanged(
                (Contrast("", "digest", agreement.digest, plan.digest),),
                detail="nothing was changed",
                hint=f"look at what it would do now: {plan.target.command(f'plan{flags} -v')}",
                present=plan.digest,
            )
        return
    found = difference(agreement.approved, approved_of(plan))
    if found.covered:
        return
    path = shlex.quote(agreement.path)
    raise PlanChanged(
        tuple(_contrasts(found, agreement, plan)),
        detail="nothing was changed",
        hint=f"look at the plan of now and approve that: {plan.target.command(f'plan{flags} --out {path}')}",
        present=plan.digest,
    )


def _is_plan(path: Path) -> bool:
    """Whether a file begins as our documents of plans do, or is empty."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            beginning = file.read(100)
    except OSError:
        return False
    name, _, _ = SCHEMA.rpartition("/")  # of any version
    return not beginning or f'"schema": "{name}/'.encode() in beginning


def _choices(flags: tuple[str, ...], path: str) -> Choices:
    """Choices from the options that a plan names. Raises ValueError for one that no plan is made with."""
    found: dict[str, list[str]] = {}
    for flag in flags:
        name, _, value = flag.partition(" ")
        if name not in _FLAGS or bool(value) is (name == "--prune"):
            raise ValueError(f"{path}: {flag!r} is not an option of a plan")
        found.setdefault(name, []).append(value)
    limits = found.get("--max-deletes", [str(MAX_DELETES)])
    if len(limits) != 1 or not (limits[0].isascii() and limits[0].isdecimal()):
        raise ValueError(f"{path}: --max-deletes is one number")
    return Choices(
        only=tuple(found.get("--only", ())),
        overwrite_drift=tuple(found.get("--overwrite-drift", ())),
        allow_same_name=tuple(found.get("--allow-same-name", ())),
        max_deletes=int(limits[0]),
        prune="--prune" in found,
    )


_FLAGS = frozenset({"--only", "--overwrite-drift", "--allow-same-name", "--prune", "--max-deletes"})


def _shown(document: Mapping[str, Any]) -> tuple[dict[str, dict[str, Step]], dict[str, dict[str, str]]]:
    """The values and file actions that the saved plan showed, as far as they can be read."""
    steps: dict[str, dict[str, Step]] = {}
    files: dict[str, dict[str, str]] = {}
    for change in _objects(document.get("changes")):
        address = str(change.get("address"))
        steps[address] = {
            str(one.get("name")): (one.get("before", ABSENT), one.get("after", ABSENT))
            for one in _objects(change.get("fields"))
        }
        files[address] = {str(one.get("path")): str(one.get("action")) for one in _objects(change.get("files"))}
    return steps, files


def _pending(document: Mapping[str, Any]) -> dict[str, tuple[str, str | None]]:
    """The action and the remote id of each change that the saved plan showed as one to be made."""
    pending = (change for change in _objects(document.get("changes")) if change.get("pending") is True)
    return {str(change.get("address")): (str(change.get("action")), change.get("remote_id")) for change in pending}


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    yield from (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def _contrasts(found: Difference, agreement: Agreement, plan: Plan) -> Iterator[Contrast]:
    assert agreement.approved is not None
    present = {str(change.address): change for change in plan.changes}
    for name, (before, now) in found.settings.items():
        yield Contrast("", name, before or None, now or None)
    for one in found.altered:
        yield from _altered(one, agreement, present[one.address])
    for address in found.only_present:
        yield Contrast(address, "action", None, str(present[address].action))
    for address in found.only_approved:
        yield Contrast(address, "action", str(agreement.approved.changes[address].action), None)


def _altered(one: Altered, agreement: Agreement, present: Change) -> Iterator[Contrast]:
    assert agreement.approved is not None
    approved = agreement.approved.changes[one.address]
    if one.action:
        yield Contrast(one.address, "action", str(one.action[0]), str(one.action[1]))
    if one.remote_id:
        yield Contrast(one.address, "id", *one.remote_id)
    for name in one.attributes:
        yield Contrast(one.address, name, str(getattr(approved, name) or ""), str(getattr(present, name) or ""))
    steps = agreement.steps.get(one.address, EMPTY)
    fields = {field.name: (field.before, field.after) for field in present.fields}
    for name in one.fields:
        yield Contrast(one.address, name, steps.get(name), fields.get(name))
    for path in one.files:
        now = " and ".join(str(file.action) for file in present.files if file.path == path)
        yield Contrast(one.address, path, agreement.files.get(one.address, EMPTY).get(path), now)
