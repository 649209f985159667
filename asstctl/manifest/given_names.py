"""Names that the command line gives and nobody knows: a misspelt `--var` would change nothing, and say so nowhere."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from asstctl.core.diagnostic import Diagnostic, Where, warning
from asstctl.core.errors import WrongUsage
from asstctl.core.suggest import did_you_mean
from asstctl.documents.paths import PathRefused, inside
from asstctl.documents.templates import names_used
from asstctl.kinds import KINDS as LIVE_KINDS
from asstctl.manifest.files import Files
from asstctl.manifest.layers import Layer
from asstctl.manifest.manifests import Manifests
from asstctl.manifest.project import Project
from asstctl.manifest.variables import Given

_INCLUDES = re.compile(r"\{%[-+]?\s*(?:include|import|from|extends)\b")


def check_given(
    given: Given,
    project: Project,
    manifests: Manifests,
    defaults: Iterable[Layer],
    files: Files,
    of_conversations: Callable[[], Collection[str] | None],
) -> tuple[Diagnostic, ...]:
    """A warning for each unknown name in a file of variables. Raises WrongUsage for one that `--var` gives.

    `of_conversations` tells the names that conversations know, None where that cannot be told; it is asked for those
    that nothing else knows.
    """
    declared = {*project.vars, *(name for target in project.targets.values() for name in target.vars)}
    unknown = (given.typed.keys() | given.values.keys()) - declared
    if not unknown or manifests.unreadable:
        return ()
    layers = [manifest.body for manifest in manifests.every if manifest.address.kind in LIVE_KINDS]
    texts = [text for layer in (*layers, *defaults) for text in _texts(layer, files)]
    if any(_INCLUDES.search(text) for text in texts):
        return ()  # what is included may use it
    used = {name for text in texts for name in names_used(text)}
    if unknown - used:
        elsewhere = of_conversations()
        if elsewhere is None:
            return ()
        used |= {*elsewhere}
    for name in sorted(unknown - used):
        if name in given.typed:
            known = sorted(declared | used)
            raise WrongUsage(
                f"--var {name}: no variable is called so",
                detail="it is under no `vars:`, and no template of a manifest or a conversation uses it",
                hint=did_you_mean(name, known) or "declare it under `vars:`, or leave it out",
            )
    return tuple(_warnings(sorted(unknown - used), given.places, declared | used))


def _warnings(names: Iterable[str], places: Mapping[str, Where], known: Iterable[str]) -> Iterator[Diagnostic]:
    choice = sorted(known)
    for name in names:
        summary = f"`{name}` is under no `vars:`, and no template uses it"
        hint = did_you_mean(name, choice, otherwise="remove it")
        yield warning("unused-variable", summary, places.get(name), hint=hint)


def _texts(layer: Layer, files: Files) -> Iterator[str]:
    """Every text of a manifest that may be a template, those in files included."""
    for text, is_path in _strings(layer.value):
        yield text
        if is_path:
            try:
                path = inside(files.root, layer.base, text)
            except PathRefused:
                continue
            read = files.text(path, text, layer.where(()))
            if isinstance(read, str):
                yield read


def _strings(value: Any, *, is_path: bool = False) -> Iterator[tuple[str, bool]]:
    if isinstance(value, str):
        yield value, is_path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(item, is_path=key == "template")
    elif isinstance(value, Sequence):
        for item in value:
            yield from _strings(item)
