"""Templates in a manifest: which strings are rendered, for one target, and what is wrong with them.

Which fields of a kind are rendered stands in its row; metadata values are for every kind, and keys, `kind`, `key`
and functions for none. In a numeric field a value that is one `{{ expression }}` keeps its type.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from asstctl.core.allowed import how_to_read
from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_types import EMPTY, Json, JsonObject
from asstctl.core.suggest import shortened
from asstctl.documents.source import Source
from asstctl.documents.templates import (
    Includes,
    Patience,
    TemplateFault,
    has_template,
    names_used,
    render,
    render_value,
)
from asstctl.documents.yaml import Path as Place
from asstctl.documents.yaml import scalar_from_text
from asstctl.manifest.files import Files
from asstctl.manifest.kind import Rendered
from asstctl.manifest.layers import Layered
from asstctl.manifest.manifests import Verbatim
from asstctl.manifest.variables import Variables

MOST_SAID = 20
"""Variables of one template that are said to be missing."""


class Skipped(Exception):
    """A variable's environment is not set, and the target is not the one that the command means."""


@dataclass(frozen=True)
class Renderer:
    """Renders for one target. `lenient`: an unset environment raises Skipped instead of being an error."""

    files: Files
    variables: Variables
    lenient: bool = False
    patience: Patience = field(default_factory=Patience)

    def fields(self, merged: Layered, rendered: Rendered) -> tuple[JsonObject, tuple[Diagnostic, ...]]:
        """The value of a manifest with its strings rendered, as far as they can be."""
        value: dict[str, Json] = dict(merged.value)
        diagnostics: list[Diagnostic] = []
        for place, text in _templates(merged.value, rendered):
            base = merged.owner(place).base
            render = self._number if place[0] in rendered.numbers else self._render
            try:
                result = render(text, base)
            except TemplateFault as first:
                diagnostics += [
                    self._diagnose(fault, merged.find(place, fault.needle or r"\{[{%]"))
                    for fault in self._every_fault(first, text, base, render)
                ]
                if place[0] in (*rendered.numbers, *rendered.closed):
                    value[str(place[0])] = None  # or it would be called a wrong type as well
                continue
            if place[0] in rendered.numbers and isinstance(result, str | bool):
                diagnostics.append(_no_number(str(place[0]), text, result, merged.where(place)))
                result = None
            if len(place) == 1:
                value[str(place[0])] = result
            else:
                metadata = value["metadata"]
                assert isinstance(metadata, dict)
                value["metadata"] = {**metadata, str(place[1]): result}
        return value, tuple(diagnostics)

    def file(self, text: str, path: Path) -> str | tuple[Diagnostic, ...]:
        """A `{template: ...}` file, rendered; includes are relative to it."""
        try:
            return self._render(text, path.parent)
        except TemplateFault as first:
            source = Source(self.files.shown(path), text)
            faults = self._every_fault(first, text, path.parent, self._render)
            return tuple(self._diagnose(fault, fault.place(source)) for fault in faults)

    def _render(self, text: str, base: Path, assumed: JsonObject = EMPTY) -> str:
        self._refuse_secrets(text, assumed)
        includes = Includes(self.files.root, base)
        return self.patience.render(lambda: render(text, self._values(assumed), includes))

    def _number(self, text: str, base: Path, assumed: JsonObject = EMPTY) -> Json:
        self._refuse_secrets(text, assumed)
        includes = Includes(self.files.root, base)
        value = self.patience.render(lambda: render_value(text, self._values(assumed), includes))
        # A number from the command line or the environment comes as text, and can only be meant as a number.
        return scalar_from_text(value) if isinstance(value, str) else value

    def _values(self, assumed: JsonObject) -> JsonObject:
        return {**self.variables.values, **assumed} if assumed else self.variables.values

    def _refuse_secrets(self, text: str, assumed: JsonObject) -> None:
        if self.variables.secret:
            for name in sorted((names_used(text) & self.variables.secret) - assumed.keys()):
                raise TemplateFault("undefined-variable", "", needle=rf"\b{name}\b", name=name)

    def _every_fault(
        self, first: TemplateFault, text: str, base: Path, render: Callable[[str, Path, JsonObject], Json]
    ) -> Iterator[TemplateFault]:
        """The first fault, and every other variable that is not to be had: each is found once those before it
        are assumed to be empty, which may well be the fault of something else, and that is not said."""
        yield first
        fault, assumed, names = first, dict[str, Json](), names_used(text)
        while fault.code == "undefined-variable" and fault.name in names - assumed.keys() and len(assumed) < MOST_SAID:
            assumed[fault.name] = ""
            try:
                render(text, base, assumed)
                return
            except TemplateFault as another:
                fault = another
            if fault.code == "undefined-variable" and fault.name in names - assumed.keys():
                yield fault

    def _diagnose(self, fault: TemplateFault, where: Where) -> Diagnostic:
        """The diagnostic for a fault; names that are known and not to be had are explained."""
        if fault.file:
            text = self.files.text(self.files.root / fault.file, fault.file, where)
            where = fault.place(Source(fault.file, text)) if isinstance(text, str) else where
        if fault.name in self.variables.secret:
            summary = f"`vars.{fault.name}` is a secret, and manifests must not hold secrets"
            return error("secret-in-manifest", summary, where, hint="use it in target settings alone")
        env = self.variables.unset.get(fault.name)
        if fault.code == "undefined-variable" and env:
            if self.lenient:
                raise Skipped
            summary = f"`vars.{fault.name}` has no value"
            hint = how_to_read(env) if env in self.variables.withheld else f"set the environment variable {env}"
            return error("undefined-variable", summary, where, hint=hint)
        return fault.at(where)


def _no_number(name: str, text: str, value: str | bool, where: Where) -> Diagnostic:
    """A number was to come out of a template. What did is said, because the file does not show it."""
    shown = shortened(("true" if value else "false") if isinstance(value, bool) else value)
    summary = f"`{name}` must be a number, and `{shortened(text)}` is `{shown}`"
    used = sorted(names_used(text))
    hint = f"change {', '.join(f'`vars.{one}`' for one in used)}" if used else "change the template"
    return error("wrong-type", summary, where, hint=hint)


def _templates(value: JsonObject, rendered: Rendered) -> Iterator[tuple[Place, str]]:
    for name in (*rendered.texts, *rendered.numbers):
        text = value.get(name)
        if isinstance(text, str) and not isinstance(text, Verbatim) and has_template(text):
            yield (name,), text
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        for key, text in metadata.items():
            if isinstance(text, str) and has_template(text):
                yield ("metadata", key), text
