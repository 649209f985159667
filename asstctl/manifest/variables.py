"""Variables of one target: what templates see under `vars`.

Precedence: `--var` over `--var-file` over the target's vars over the project's. A secret is never among
the values, whatever names it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors
from asstctl.core.errors import WrongUsage
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.origin import Source
from asstctl.documents.source import read_text
from asstctl.documents.yaml import Path, as_declared, parse_one
from asstctl.manifest.project import Project, Target


@dataclass(frozen=True)
class Saying:
    """One place that gives values to variables: what it is in the words of an origin, and where each of them stands in
    its file."""

    source: Source
    name: str
    values: Mapping[str, Json]
    place: Callable[[str], Where | None] = lambda name: None


@dataclass(frozen=True)
class Variables:
    """`values` for templates; `secret` and `unset` (name in the environment, by variable) are not in it.

    `withheld` are those names in the environment that are set, and that files may not read. `given` are those that were
    typed, which go before those of any file. `sayings` are all places that say something, the strongest first.
    """

    values: Mapping[str, Json] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()
    unset: Mapping[str, str] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()
    given: Mapping[str, Json] = field(default_factory=dict)
    sayings: tuple[Saying, ...] = ()


@dataclass(frozen=True)
class Given:
    """What is given for one run, by variable: `values` by files, `typed` by `--var` and by programs.

    A text that was typed may be read as a number. `places` says where those of `values` were written. `sayings` are
    what each of them comes from, the strongest first.
    """

    values: Mapping[str, Json] = field(default_factory=dict)
    typed: Mapping[str, Json] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    places: Mapping[str, Where] = field(default_factory=dict)
    sayings: tuple[Saying, ...] = ()


VAR, VAR_FILE = "--var", "--var-file"


def read_given(
    texts: Iterable[str],
    files: Sequence[FilePath],
    by_program: Mapping[str, Json] = EMPTY,
    environment_of: Mapping[str, str] = EMPTY,
) -> Given:
    """`--var K=V`, `--var-file F`, and what a program gives. `environment_of` names the variable of the environment
    that gave an option, where one did. Raises WrongUsage for what is no pair."""
    values: dict[str, Json] = {}
    diagnostics: list[Diagnostic] = []
    places: dict[str, Where] = {}
    sayings: list[Saying] = []
    in_environment = environment_of.get(VAR_FILE)
    for file in files:
        text = read_text(file, str(file), pipes=True)
        if isinstance(text, Diagnostic):
            diagnostics.append(text)
            continue
        document, found = parse_one(text, str(file))
        diagnostics += found
        if document is None or has_errors(found):
            continue
        if isinstance(document.value, Mapping):
            values |= document.value
            here = {name: document.where((name,), key=True) for name in document.value}
            places |= here
            source = Source.ENVIRONMENT if in_environment else Source.VAR_FILE
            sayings.insert(0, Saying(source, in_environment or str(file), document.value, here.get))
        else:
            hint = "write `name: value` pairs"
            diagnostics.append(error("wrong-type", "a file of variables must be a map", document.where(), hint=hint))
    pairs: dict[str, Json] = {}
    for pair in texts:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise WrongUsage(f"--var {pair!r} is not NAME=VALUE", hint="write --var model=gpt-4o")
        pairs[name] = value
    typed = [Saying(Source.PROGRAM, "", by_program)] if by_program else []
    source = Source.ENVIRONMENT if VAR in environment_of else Source.FLAG
    typed += [Saying(source, environment_of.get(VAR, VAR), pairs)] if pairs else []
    return Given(values, {**pairs, **by_program}, tuple(diagnostics), places, (*typed, *sayings))


def variables_of(project: Project, target: Target, given: Given) -> Variables:
    """What the templates of a target see."""
    declared: dict[str, Any] = {**project.vars, **target.vars}
    values: dict[str, Json] = {}
    secret: set[str] = set()
    unset: dict[str, str] = {}
    for name, value in declared.items():
        if not isinstance(value, Mapping):
            values[name] = value
        elif value["env"] in project.secret_names:
            secret.add(name)
        elif value["env"] in project.environment:
            values[name] = project.environment[value["env"]]
        else:
            unset[name] = value["env"]
    values |= {**given.values, **{name: as_declared(value, values.get(name)) for name, value in given.typed.items()}}
    known = {name: value for name, value in values.items() if name not in secret}
    allowed = {name: value for name, value in {**given.values, **given.typed}.items() if name not in secret}
    missing = {name: env for name, env in unset.items() if name not in values}
    in_project = (
        Saying(Source.TARGET, target.name, target.vars, partial(_place, project, ("targets", target.name, "vars"))),
        Saying(Source.PROJECT, "", project.vars, partial(_place, project, ("vars",))),
    )
    return Variables(
        known, frozenset(secret), missing, project.withheld, allowed, sayings=(*given.sayings, *in_project)
    )


def _place(project: Project, at: Path, name: str) -> Where | None:
    return project.document.where((*at, name), key=True) if project.document else None
