"""What a target cannot hold or do of what the files say, and what comes near to a limit of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace

from asstctl.core.capabilities import Capabilities, Limit
from asstctl.core.doctor import Finding, Standing
from asstctl.core.resource import Desired
from asstctl.core.suggest import some_of
from asstctl.engine.planning.losses import losses_said
from asstctl.manifest.limits import excesses
from asstctl.render.values import counted
from asstctl.workspace.doctor.patient import Patient

NAME = "capabilities"

_NEAR = 0.9
"""The share of a limit from which on it is said that there is one."""

_BOUNDS = ("max_chars", "max_items", "max_key_chars", "max_value_chars")
"""Those that things grow into."""

_NAMED = 5
"""Conversations that are named one by one."""


async def check(patient: Patient) -> Iterable[Finding]:
    """A finding for each lack that concerns this project; one that says there is none, of a target elsewhere."""
    workspace, desired = patient.workspace, patient.loaded.desired
    answers = not patient.withheld and not patient.is_unborn and await patient.answers()
    # a server's own dialect may hold less than its wire
    opens = not patient.is_unborn and await patient.is_open()
    known = (await patient.provider()).store.capabilities if opens else workspace.capabilities
    losses = [(one.address, loss) for one in desired for loss in one.losses]
    found = [
        *_missing(desired, known),
        *(
            Finding(NAME, Standing.NOTE, said, "Accepted by `on_unsupported` of the target.")
            for said in losses_said(losses, workspace.target.name, known.api)
        ),
        *_skipped(patient, known.missing),
        *_near(desired, known),
    ]
    if found or workspace.is_embedded or not answers or not patient.is_clear:
        return found
    return [Finding(NAME, Standing.FINE, "it holds and does all that the files say")]


def _missing(desired: Iterable[Desired], known: Capabilities) -> Iterator[Finding]:
    """Kinds and files that are declared and cannot be held."""
    wanted: dict[str, list[Desired]] = {}
    for one in desired:
        if one.address.kind not in known.fields:
            wanted.setdefault(one.address.kind, []).append(one)
        elif one.files and "files" in known.missing:
            wanted.setdefault("files", []).append(one)
    for what, those in wanted.items():
        said = known.missing.get(what) or f"there are no objects of kind {what} here ({known.dialect})"
        addresses = ", ".join(str(one.address) for one in those)
        hint = "Declare it for another target, or use one that holds it."
        yield Finding(NAME, Standing.WARNING, said.rstrip("."), hint, addresses, those[0].where)


def _skipped(patient: Patient, cannot: Mapping[str, str]) -> Iterator[Finding]:
    """Conversations that are not had here, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for case in patient.cases:
        if reason := case.why_unable(cannot):
            by_reason.setdefault(reason, []).append(case.node)
    for reason, nodes in by_reason.items():
        summary = f"{counted(len(nodes), 'conversation')} {'is' if len(nodes) == 1 else 'are'} skipped: {reason}"
        yield Finding(NAME, Standing.NOTE, summary, "Test them on another target.", some_of(nodes, _NAMED))


def _near(desired: Iterable[Desired], known: Capabilities) -> Iterator[Finding]:
    for one in desired:
        for name, limit in known.limits.get(one.address.kind, {}).items():
            past = {(excess.path, excess.summary) for excess in excesses(one.fields, {name: limit})}
            for excess in excesses(one.fields, {name: _tightened(limit)}):
                if (excess.path, excess.summary) in past:
                    continue  # an error of the files, and said as one
                most = next(bound for key in _BOUNDS if (bound := getattr(limit, key)) is not None)
                summary = f"{one.address}: {excess.summary}, and at most {most:,} are taken"
                where = one.places.get(str(excess.path[0])) or one.where
                yield Finding(NAME, Standing.NOTE, summary, f"{excess.hint[0].upper()}{excess.hint[1:]}.", where=where)


def _tightened(limit: Limit) -> Limit:
    """A limit that is reached before the real one; of small counts, which are often full on purpose, the real one."""
    held = {one.name: getattr(limit, one.name) for one in fields(Limit)}
    near = {name: int(most * _NEAR) for name in _BOUNDS if (most := held[name]) is not None and most >= 100}
    only = dict.fromkeys(("minimum", "maximum", *(b for b in _BOUNDS if b not in near)))
    return replace(limit, **near, **only)
