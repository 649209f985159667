"""Templates in a manifest: which strings are rendered, for one target, and what is wrong with them.

Rendered are name, description, model, instructions, metadata values and the numeric fields; never keys,
`kind`, `key`, functions. In a numeric field a value that is one `{{ expression }}` keeps its type.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_types import Json, JsonObject
from asstctl.documents.source import Source
from asstctl.documents.templates import (
    Includes,
    TemplateFault,
    has_template,
    names_used,
    render,
    render_value,
)
from asstctl.documents.yaml import Path as Place
from asstctl.documents.yaml import scalar_from_text
from asstctl.manifest.files import Files
from asstctl.manifest.layers import Layered
from asstctl.manifest.manifests import Verbatim
from asstctl.manifest.variables import Variables

RENDERED = ("name", "description", "model", "instructions", "reasoning_effort")
NUMERIC = ("temperature", "top_p")
CHECKED_AFTER = (*NUMERIC, "reasoning_effort")


class Skipped(Exception):
    """A variable's environment is not set, and the target is not the one that the command means."""


@dataclass(frozen=True)
class Renderer:
    """Renders for one target. `lenient`: an unset environment raises Skipped instead of being an error."""

    files: Files
    variables: Variables
    lenient: bool = False

    def fields(self, merged: Layered) -> tuple[JsonObject, tuple[Diagnostic, ...]]:
        """The value of a manifest with its strings rendered, as far as they can be."""
        value: dict[str, Json] = dict(merged.value)
        diagnostics: list[Diagnostic] = []
        for place, text in _templates(merged.value):
            base = merged.owner(place).base
            try:
                result = self._number(text, base) if place[0] in NUMERIC else self._render(text, base)
            except TemplateFault as fault:
                diagnostics.append(self._diagnose(fault, merged.find(place, fault.needle or r"\{[{%]")))
                if place[0] in CHECKED_AFTER:
                    value[str(place[0])] = None  # or it would be called a wrong type as well
                continue
            if len(place) == 1:
                value[str(place[0])] = result
            else:
                metadata = value["metadata"]
                assert isinstance(metadata, dict)
                value["metadata"] = {**metadata, str(place[1]): result}
        return value, tuple(diagnostics)

    def file(self, text: str, path: Path) -> str | Diagnostic:
        """A `{template: ...}` file, rendered; includes are relative to it."""
        try:
            return self._render(text, path.parent)
        except TemplateFault as fault:
            return self._diagnose(fault, fault.place(Source(self.files.shown(path), text)))

    def _render(self, text: str, base: Path) -> str:
        self._refuse_secrets(text)
        return render(text, self.variables.values, Includes(self.files.root, base))

    def _number(self, text: str, base: Path) -> Json:
        self._refuse_secrets(text)
        value = render_value(text, self.variables.values, Includes(self.files.root, base))
        # A number from the command line or the environment comes as text, and can only be meant as a number.
        return scalar_from_text(value) if isinstance(value, str) else value

    def _refuse_secrets(self, text: str) -> None:
        if self.variables.secret:
            for name in sorted(names_used(text) & self.variables.secret):
                raise TemplateFault("undefined-variable", "", needle=rf"\b{name}\b", name=name)

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
            return error("undefined-variable", summary, where, hint=f"set the environment variable {env}")
        return fault.at(where)


def _templates(value: JsonObject) -> Iterator[tuple[Place, str]]:
    for name in (*RENDERED, *NUMERIC):
        text = value.get(name)
        if isinstance(text, str) and not isinstance(text, Verbatim) and has_template(text):
            yield (name,), text
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        for key, text in metadata.items():
            if isinstance(text, str) and has_template(text):
                yield ("metadata", key), text
