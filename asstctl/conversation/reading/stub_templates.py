"""What the template of a stub names, held against what a call can give it, before anything is called. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping

from asstctl.conversation.reading.signatures import closed_names
from asstctl.conversation.stubs.template import ARGS
from asstctl.core.json_types import Json, JsonObject
from asstctl.core.suggest import did_you_mean
from asstctl.documents.templates import VARS, TemplateFault, names_needed


def template_faults(text: str, known: Mapping[str, Json], parameters: JsonObject | None) -> Iterator[TemplateFault]:
    """The names of a template that no call can give it. `known` is all that it may speak of beside the arguments, whose
    JSON schema is `parameters` where it is known."""
    roots, below = names_needed(text)
    parts = _parts(known, parameters)
    for name in sorted(roots - {*known, ARGS}):
        owner = next((root for root, names in parts.items() if name in names), "")
        hint = f"write `{owner}.{name}`" if owner else did_you_mean(name, (ARGS, *known))
        needle = rf"(?<![\w.]){re.escape(name)}\b"
        yield TemplateFault("undefined-variable", f"`{name}` is not defined", hint, needle, name)
    for owner, name in sorted(below):
        if name in parts.get(owner, (name,)):
            continue
        summary, needle = f"`{owner}.{name}` is not defined", rf"\b{re.escape(owner)}\b.*?\b{re.escape(name)}\b"
        hint = did_you_mean(name, parts[owner])
        if owner == ARGS:
            summary, hint = f"`{name}` is not an argument of the function", hint or "it takes none"
        elif owner == VARS:
            hint = did_you_mean(name, parts[owner], otherwise="declare it under `vars:`, or give it with --var")
        yield TemplateFault("undefined-variable", summary, hint, needle, name, owner=owner)


def _parts(known: Mapping[str, Json], parameters: JsonObject | None) -> Mapping[str, Collection[str]]:
    """What is below each name, as far as it can be told."""
    found = {name: [*value] for name, value in known.items() if isinstance(value, Mapping)}
    closed = closed_names(parameters) if parameters is not None else None
    return found if closed is None else {**found, ARGS: closed}
