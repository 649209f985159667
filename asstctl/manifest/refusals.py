"""What is said of losses that a target does not accept, and of entries of `on_unsupported` that mean none.

Each loss is said once, at its place, with all the targets that it is a loss on, and with what to write to accept it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asstctl.core.capabilities import Capabilities, Way
from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.suggest import did_you_mean, shortened
from asstctl.documents.yaml import Path as Place
from asstctl.manifest.project import Project
from asstctl.manifest.resources import Resource
from asstctl.manifest.unsupported import Refusal, entry_for, rows_of

ON_UNSUPPORTED = "on_unsupported"


def check_accepted(project: Project, known: Mapping[str, Capabilities]) -> Iterator[Diagnostic]:
    """Entries of `on_unsupported` that a target's wire has no row for, or not in that way."""
    for name, capabilities in known.items():
        rows = dict(rows_of(capabilities))
        for words, accepted in project.targets[name].accepts.items():
            assert project.document is not None  # they are written in it
            place: Place = ("targets", name, ON_UNSUPPORTED, words)
            if words not in rows:
                summary = f"`{shortened(words)}` is nothing that the {capabilities.api} lacks"
                where = project.document.where(place, key=True)
                yield error("unknown-key", summary, where, hint=did_you_mean(words, rows) or "remove it")
            elif accepted is not None and accepted.way not in rows[words].accepts:
                ways = ", ".join(_shown(way) for way in (*rows[words].accepts, "error"))
                summary = f"`{words}` cannot be {_shown(accepted.way)}"
                where = project.document.where(place)
                yield error("bad-value", summary, where, hint=f"choose from: {ways}")


def _shown(way: Way | str) -> str:
    return "`{function: NAME}`" if way is Way.FUNCTION else f"`{way}`"


def refusals(
    project: Project, meant: str, resources: Mapping[str, Sequence[Resource]], known: Mapping[str, Capabilities]
) -> tuple[Diagnostic, ...]:
    """Each loss that is not accepted, and what stands in the way of those that are. Of a target that no file names it
    is said only if it is `meant`."""
    targets: dict[tuple[Where, Refusal, str], list[str]] = {}
    diagnostics = []
    file: Any = project.document.value if project.document else {}
    written = file.get("targets") or {}
    for name, read in resources.items():
        for one in read if name == meant or name in written else ():
            for refusal in one.held.refusals:
                where = one.locate(refusal.path, key=refusal.of_key)
                # the place is the same for all users of a function, whichever of their tools it is
                same = Refusal(refusal.field, refusal.row, ())
                targets.setdefault((where, same, known[name].api), []).append(name)
            diagnostics += [*_clashes(one, name), *_uncredited(one, name, project)]
    return (
        *(
            error(
                "unsupported",
                f"the {api} has {refusal.row.what}, and {_speak(names)} it",
                where,
                hint=_ways_on(project, refusal, [*dict.fromkeys(names)]),
            )
            for (where, refusal, api), names in targets.items()
        ),
        *diagnostics,
    )


def _speak(names: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in dict.fromkeys(names))
    return f"target {listed} speaks" if len({*names}) == 1 else f"targets {listed} speak"


def _ways_on(project: Project, refusal: Refusal, names: Sequence[str]) -> str:
    """The way on, and the very line that accepts the loss."""
    way = refusal.row.way.replace("[TARGET]", f"[{', '.join(names)}]")
    way = way.replace("TARGET", names[0]) if len(names) == 1 else way
    entry, places = entry_for(refusal), ", ".join(f"targets.{name}" for name in names)
    if any(project.targets[name].accepts for name in names):
        return f"{way}\nor accept the loss: `{entry}` in `{ON_UNSUPPORTED}` of {places}"
    return f"{way}\nor accept the loss: `{ON_UNSUPPORTED}: {{{entry}}}` under {places}"


def _clashes(one: Resource, target: str) -> Iterator[Diagnostic]:
    for path in one.held.clashes:
        loss = next(loss for loss in one.held.losses.values() if loss.way is Way.FUNCTION)
        summary = f"`{loss.function}` is to stand for file_search on target `{target}`, and is declared here already"
        hint = f"give it another name in `{ON_UNSUPPORTED}` of targets.{target}, or remove this function there"
        yield error("duplicate-tool", summary, one.locate(path), hint=hint)


def _uncredited(one: Resource, target: str, project: Project) -> Iterator[Diagnostic]:
    known = project.targets[target].credentials
    for path, name in one.held.uncredited.items():
        summary = f"target `{target}` knows no credential `{name}`"
        add = f"add `credentials: {{{name}: ID}}` under targets.{target}: the id of a credential in a vault"
        if known:
            add = did_you_mean(name, known, otherwise=f"add `{name}: ID` to `credentials` of targets.{target}")
        yield error("unknown-credential", summary, one.locate(path), hint=add)
