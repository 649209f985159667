"""Templates in files: rendered in a sandbox, bounded in time, size and memory.

A short template that only shows and compares variables is bounded by its own length and runs here; every
other one (loops, calls, includes, operators that make values grow) runs in the child, where it can be ended.
jinja2 is imported only for a text that has braces. Only `vars` is there to be named (or what the caller calls it).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_types import Json
from asstctl.documents.source import Source
from asstctl.documents.worker import TIME_LIMIT, WORKERS, WorkFailed, WorkTimeout

VARS = "vars"
"""What a project's templates call their values."""

MAX_OUTPUT = 1024 * 1024

MAX_HERE = 16 * 1024
"""Characters of a template that this process parses: that takes time too, and only the child can be ended."""


@dataclass(eq=False)
class TemplateFault(Exception):
    """Why a template gives no text. `needle` is a regex for the guilty words, `name` what is not defined.

    `file` is the included file at fault ("" the template itself), `line` counts from 1 inside it.
    """

    code: str
    summary: str
    hint: str = ""
    needle: str = ""
    name: str = ""
    file: str = ""
    line: int = 1

    def __str__(self) -> str:
        return self.summary

    def at(self, where: Where) -> Diagnostic:
        """The diagnostic for it."""
        return error(self.code, self.summary, where, hint=self.hint)

    def place(self, source: Source) -> Where:
        """Where in the text of a template it is."""
        start = sum(len(line) for line in source.text.splitlines(keepends=True)[: self.line - 1])
        if self.needle:
            found = re.compile(self.needle).search(source.text, start)
            if found:
                return source.at(found.start(), len(found[0]))
        return source.at(start)


@dataclass(frozen=True)
class Includes:
    """Where `{% include %}` may look: `root` is the project, `base` the folder of the file that writes it."""

    root: Path
    base: Path


def has_template(text: str) -> bool:
    """Whether there is anything to render."""
    return "{{" in text or "{%" in text


def names_used(text: str) -> frozenset[str]:
    """The names below `vars` that a template speaks of, whether or not they are reached. Never raises."""
    if not has_template(text):
        return frozenset()
    if len(text) > MAX_HERE:
        try:
            return frozenset(WORKERS.call("names", {"text": text}))
        except (WorkTimeout, WorkFailed):
            return frozenset()  # it will not be rendered either
    from asstctl.documents import rendering

    return rendering.names_used(text)


def check(text: str) -> None:
    """Raises TemplateFault for a text that is no template, whatever its values will be. Renders nothing."""
    if not has_template(text):
        return
    if len(text) > MAX_HERE:
        _asked("check", {"text": text})
        return
    from asstctl.documents import rendering

    rendering.check(text)


def render(text: str, variables: Mapping[str, Json], includes: Includes | None = None, *, name: str = VARS) -> str:
    """The text of a template that knows its values as `name`. Raises TemplateFault."""
    if not has_template(text):
        return text
    result = _render(text, variables, includes, keep_type=False, name=name)
    assert isinstance(result, str)
    return result


def render_value(text: str, variables: Mapping[str, Json], includes: Includes | None = None) -> Json:
    """As `render`, but a template that is one `{{ expression }}` keeps the expression's type."""
    return _render(text, variables, includes, keep_type=True, name=VARS) if has_template(text) else text


def _render(text: str, variables: Mapping[str, Json], includes: Includes | None, *, keep_type: bool, name: str) -> Json:
    if len(text) <= MAX_HERE:
        from asstctl.documents import rendering

        if rendering.is_bounded(text):
            return rendering.render_here(text, variables, keep_type=keep_type, name=name)
    task: dict[str, Json] = {"text": text, "values": dict(variables), "keep_type": keep_type, "name": name}
    if includes is not None:
        task |= {"root": str(includes.root), "base": str(includes.base)}
    value: Json = _asked("render", task)["value"]
    return value


def _asked(task: str, argument: Mapping[str, Json]) -> Any:
    """What a child says. Raises TemplateFault."""
    try:
        answer = WORKERS.call(task, argument)
    except WorkTimeout as problem:
        summary = f"the template took longer than {TIME_LIMIT:g} s"
        raise TemplateFault("template-timeout", summary, "make it do less") from problem
    except WorkFailed as problem:
        raise TemplateFault("template-limit", "the template needs too much memory", "make it do less") from problem
    if "fault" in answer:
        raise TemplateFault(**answer["fault"])
    return answer
