"""Load: a project and a target to what is desired, with every mistake in the files at once.

The pipeline and nothing else: each step is a module of its own.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities
from asstctl.core.collector import collector_paused
from asstctl.core.decisions import NONE, Decisions
from asstctl.core.diagnostic import Diagnostic, Where, error, in_reading_order, warning
from asstctl.core.json_types import EMPTY, Json, JsonObject
from asstctl.core.loss import Loss
from asstctl.core.models import ModelUse
from asstctl.core.resource import Desired
from asstctl.core.suggest import nearest
from asstctl.documents.paths import is_file
from asstctl.manifest.assistants import ASSISTANT
from asstctl.manifest.changes import read_changes
from asstctl.manifest.discovery import discover
from asstctl.manifest.extensions import reserved
from asstctl.manifest.files import Files
from asstctl.manifest.functions import FUNCTION, Function, read_function
from asstctl.manifest.given_names import check_given
from asstctl.manifest.kinds import KINDS, LIVE
from asstctl.manifest.layers import Layer
from asstctl.manifest.limits import Excess, excesses, largest_file, upload_excesses
from asstctl.manifest.local_files import LocalFiles
from asstctl.manifest.manifests import Manifests, read_manifests
from asstctl.manifest.project import Project
from asstctl.manifest.project_model import PROVIDERS
from asstctl.manifest.refusals import check_accepted, refusals
from asstctl.manifest.resources import IDENTITY, Context, Resource, read_resource
from asstctl.manifest.secrets import masked
from asstctl.manifest.texts import Renderer, Skipped
from asstctl.manifest.variables import Given, Variables, read_given, variables_of

NamesIn = Callable[[Sequence[Path], Sequence[Path]], Collection[str] | None]
"""The variables that conversation files and the stub files of a project declare or name; None: that cannot be told."""


@dataclass(frozen=True)
class Loaded:
    """What the files mean on one target. `files` counts the manifest files that were read.

    `declared` are all addresses of the files, those whose manifests have errors included. `losses` are those that each
    target accepts, of all its objects, and `models` what its assistants name, as far as capabilities were given.
    `returns` are the schemas of
    what functions answer, by assistant and by name: what no wire has, and tests hold stubs against. `variables` are
    what templates of this target may name. `resources` and `functions` (None for one that has errors) are what
    `desired` was made of, and know where each part of it was written.
    """

    desired: tuple[Desired, ...]
    declared: tuple[Address, ...]
    conversations: tuple[Path, ...]
    diagnostics: tuple[Diagnostic, ...]
    files: int
    stub_files: tuple[Path, ...]
    decisions: Decisions = NONE
    returns: Mapping[str, Mapping[str, JsonObject]] = field(default_factory=dict)
    variables: Variables = field(default_factory=Variables)
    losses: Mapping[str, tuple[Loss, ...]] = field(default_factory=dict)
    models: Mapping[str, tuple[ModelUse, ...]] = field(default_factory=dict)
    resources: tuple[Resource, ...] = field(default=(), repr=False)
    functions: Mapping[str, Function | None] = field(default_factory=dict, repr=False)


def load(
    project: Project,
    target_name: str,
    *,
    variables: Iterable[str] = (),
    var_files: Sequence[Path] = (),
    values: Mapping[str, Json] = EMPTY,
    environment_of: Mapping[str, str] = EMPTY,
    names_in: NamesIn = lambda conversations, stub_files: (),
    capabilities: Mapping[str, Capabilities] | None = None,
) -> Loaded:
    """Everything that a project declares for a target, which must be one of the project's.

    `variables` are `NAME=VALUE`, `values` those that a program gives by value; `environment_of` says of `--var` and
    `--var-file` which variable of the environment gave them, where one did. Limits are checked for every target in
    `capabilities`, overlays and variables of that target applied. Raises WrongUsage for a variable that is no pair or
    that nothing knows, and nothing for what the files say.
    """
    with collector_paused():
        given = read_given(variables, var_files, values, environment_of)
        return _load(project, target_name, given, names_in, capabilities or {})


def _load(
    project: Project, target_name: str, given: Given, names_in: NamesIn, known: Mapping[str, Capabilities]
) -> Loaded:
    files = Files(project.root)
    found = discover(project)
    manifests = read_manifests(project.root, found.manifests, KINDS)
    defaults, diagnostics = _defaults(project)
    diagnostics += (*project.diagnostics, *found.diagnostics, *manifests.diagnostics, *given.diagnostics)
    inherited = [defaults[kind.name] for kind in LIVE if kind.name in defaults]
    conversations = tuple(project.root / file for file in found.conversations)
    stub_files, unfound = _stub_files(project, files)
    diagnostics += check_given(given, project, manifests, inherited, files, lambda: names_in(conversations, stub_files))
    functions: dict[str, Function | None] = {}
    for manifest in manifests.of_kind(FUNCTION.name):
        function, more = read_function(manifest, defaults.get(FUNCTION.name), files)
        functions.setdefault(manifest.address.key, function)
        diagnostics += more
    local_files = LocalFiles(files, largest_file(known.values()))
    shared = _Shared(project, manifests, functions, defaults, files, local_files, given, known)
    resources = shared.resources(target_name)
    others = {name: shared.resources(name, lenient=True) for name in known if name != target_name}
    for read in (resources, *others.values()):
        diagnostics += tuple(found for one in read for found in one.diagnostics)
    every = {target_name: resources, **others}
    diagnostics += _over_limits(every, known)
    diagnostics += _reserved_extensions(every, known)
    diagnostics += (*check_accepted(project, known), *refusals(project, target_name, every, known))
    diagnostics += _unused_functions(manifests, functions, defaults.get(ASSISTANT.name))
    decisions, more = read_changes(manifests.changes, manifests, tuple(project.targets), target_name)
    diagnostics += more
    diagnostics += unfound
    # A link out of the project that somebody names is spoken of there.
    diagnostics += tuple(
        one for file, one in found.refused.items() if os.path.normpath(project.root / file) not in files.refused
    )
    desired: dict[Address, Desired] = {}
    for one in resources:
        if one.desired is not None:
            desired.setdefault(one.desired.address, one.desired)
    return Loaded(
        desired=tuple(desired.values()),
        declared=tuple(dict.fromkeys(manifest.address for manifest in manifests.every)),
        conversations=conversations,
        diagnostics=masked(in_reading_order(diagnostics), project.secrets),
        files=manifests.files,
        stub_files=stub_files,
        decisions=decisions,
        returns={one.desired.address.key: one.parts.returns for one in resources if one.desired and one.parts.returns},
        variables=shared.variables(target_name),
        losses={name: _accepted(read) for name, read in every.items()},
        models={name: tuple(_models(read)) for name, read in every.items()},
        resources=tuple(resources),
        functions=functions,
    )


def _accepted(resources: Iterable[Resource]) -> tuple[Loss, ...]:
    return tuple(dict.fromkeys(loss for one in resources if one.desired for loss in one.desired.losses))


def _models(resources: Iterable[Resource]) -> Iterator[ModelUse]:
    for one in resources:
        model = one.desired.fields.get("model") if one.desired else None
        if one.desired and isinstance(model, str):
            yield ModelUse(one.desired.address, model, one.locate(("model",)))


@dataclass(frozen=True)
class _Shared:
    """What is the same for every target."""

    project: Project
    manifests: Manifests
    functions: Mapping[str, Function | None]
    defaults: Mapping[str, Layer]
    files: Files
    local_files: LocalFiles
    given: Given
    capabilities: Mapping[str, Capabilities]

    def variables(self, target_name: str) -> Variables:
        """What the templates of a target see."""
        return variables_of(self.project, self.project.targets[target_name], self.given)

    def resources(self, target_name: str, *, lenient: bool = False) -> list[Resource]:
        """Every object on a target, sorted by address.

        `lenient`: one whose variables need an environment that is not set is left out, because nobody said
        that this target is to be used now.
        """
        target = self.project.targets[target_name]
        context = Context(
            target=target_name,
            provider=target.provider,
            own_all=target.own_all,
            targets=tuple(self.project.targets),
            extension_providers=tuple(PROVIDERS),
            manifests=self.manifests,
            functions=self.functions,
            files=self.files,
            local_files=self.local_files,
            renderer=Renderer(self.files, self.variables(target_name), lenient),
            defaults=self.defaults,
            secrets=self.project.secrets,
            capabilities=self.capabilities.get(target_name),
            accepts=target.accepts,
            credentials=target.credentials,
        )
        read = []
        for manifest in self.manifests.every:
            kind = KINDS[manifest.address.kind]
            if kind.read is not None:
                with suppress(Skipped):
                    read.append(read_resource(kind, manifest, context))
        return read


def _defaults(project: Project) -> tuple[dict[str, Layer], tuple[Diagnostic, ...]]:
    """The defaults of each kind as layers of their own."""
    layers: dict[str, Layer] = {}
    diagnostics = []
    for kind, fields in project.defaults.items():
        assert project.document is not None  # defaults are written in it
        layer = Layer(fields, project.document, project.root, ("defaults", kind))
        for key in IDENTITY:
            if key in fields:
                where = layer.where((key,), key=True)
                diagnostics.append(error("overlay-identity", f"defaults cannot set `{key}`", where, hint="remove it"))
        layers[kind] = replace(layer, value={key: value for key, value in fields.items() if key not in IDENTITY})
    return layers, tuple(diagnostics)


def _over_limits(
    resources: Mapping[str, Sequence[Resource]], capabilities: Mapping[str, Capabilities]
) -> tuple[Diagnostic, ...]:
    """Each excess once, with all the targets that do not take it."""
    targets: dict[tuple[Where, Excess], list[str]] = {}
    for target, known in capabilities.items():
        for one in resources[target]:
            limits, parts = known.limits.get(one.kind.name, {}), one.parts
            for excess in (*excesses(parts.fields, limits), *upload_excesses(parts.uploads, parts.attributes, limits)):
                where = one.locate(excess.path, key=excess.of_key)
                targets.setdefault((where, excess), []).append(target)
    return tuple(
        error("limit", f"{excess.summary}, and {_takes(names)} {excess.taken}", where, hint=excess.hint)
        for (where, excess), names in targets.items()
    )


def _reserved_extensions(
    resources: Mapping[str, Sequence[Resource]], capabilities: Mapping[str, Capabilities]
) -> tuple[Diagnostic, ...]:
    """Extensions that name a field of the wire itself: they would write it past its compare rule."""
    return tuple(
        error("reserved-extension", found.summary, one.extension_place(name, found.path), hint=found.hint)
        for target, known in capabilities.items()
        for one in resources[target]
        for name, value in one.extensions
        for found in reserved(name, value, one.kind.name, known)
    )


def _takes(names: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    return f"target {listed} takes" if len(names) == 1 else f"targets {listed} take"


def _unused_functions(
    manifests: Manifests, functions: Mapping[str, Function | None], defaults: Layer | None
) -> tuple[Diagnostic, ...]:
    """Functions that no assistant names on any target.

    Unknowable while some file cannot be read; one with errors, or whose name somebody misspelt, has been
    spoken of already.
    """
    if manifests.unreadable:
        return ()
    bodies: list[JsonObject] = [manifest.body.value for manifest in manifests.of_kind(ASSISTANT.name)]
    bodies += [defaults.value] if defaults else []
    named = {name for body in bodies for name in _functions_named(body)}
    meant = {name if name in functions else nearest(name, functions) for name in named}
    return tuple(
        warning(
            "unused-function",
            f"no assistant uses `{manifest.address}`",
            manifest.where,
            hint="name it in an assistant's tools, or remove it",
        )
        for manifest in manifests.of_kind("function")
        if manifest.address.key not in meant and functions[manifest.address.key] is not None
    )


def _functions_named(body: JsonObject) -> Iterator[str]:
    overlays = body.get("targets")
    scopes = [body, *(overlays.values() if isinstance(overlays, Mapping) else ())]
    for scope in scopes:
        tools = scope.get("tools") if isinstance(scope, Mapping) else None
        for tool in tools if isinstance(tools, list) else ():
            name = tool.get("function") if isinstance(tool, Mapping) else None
            if isinstance(name, str):
                yield name


def _stub_files(project: Project, files: Files) -> tuple[tuple[Path, ...], tuple[Diagnostic, ...]]:
    """The files of `test.use`; whether they hold stubs is for the conversations."""
    paths = []
    diagnostics = []
    for number, written in enumerate(project.test.use):
        assert project.document is not None  # they are written in it
        where = project.document.where(("test", "use", number))
        path = files.find(project.root, written, where)
        if isinstance(path, Diagnostic):
            diagnostics.append(path)
        elif not is_file(path):
            hint = "paths start at the project's folder"
            diagnostics.append(error("missing-file", f"`{written}` does not exist", where, hint=hint))
        else:
            paths.append(path)
    return tuple(paths), tuple(diagnostics)
