"""Templates in files: rendered in a sandbox, bounded in time, size and memory.

A short template that only shows and compares variables is bounded by its own length and runs here; every
other one (loops, calls, includes, operators that make values grow) runs in the child, where it can be ended.
jinja2 is imported only for a text that has braces, and not for one that only names values. In a manifest `vars` is
all that can be named; `fill` knows as many names as its caller.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from asstctl.core.change import ABSENT, Absent
from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_types import Json
from asstctl.documents.source import Source
from asstctl.documents.worker import TIME_LIMIT, WORKERS, WorkFailed, WorkTimeout

T = TypeVar("T")

VARS = "vars"
"""What a project's templates call their values."""

MAX_OUTPUT = 1024 * 1024

MAX_HERE = 16 * 1024
"""Characters of a template that this process parses: that takes time too, and only the child can be ended."""


@dataclass(eq=False)
class TemplateFault(Exception):
    """Why a template gives no text. `needle` is a regex for the guilty words, `name` what is not defined.

    `owner` is what it was looked for in, such as `vars`: empty for a name of its own, `?` for a value without a name.
    `file` is the included file at fault ("" the template itself), `line` counts from 1 inside it.
    """

    code: str
    summary: str
    hint: str = ""
    needle: str = ""
    name: str = ""
    file: str = ""
    line: int = 1
    owner: str = ""

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


@dataclass
class Patience:
    """How many more templates of one load may go on to their time limit: a thousand of them would take an hour."""

    left: int = 3

    def render(self, work: Callable[[], T]) -> T:
        """Do it; once patience is at its end, raise TemplateFault instead."""
        if self.left <= 0:
            raise TemplateFault("template-timeout", "not rendered: other templates took too long", "mend those first")
        try:
            return work()
        except TemplateFault as fault:
            self.left -= fault.code == "template-timeout"
            raise


@dataclass(frozen=True)
class Includes:
    """Where `{% include %}` may look: `root` is the project, `base` the folder of the file that writes it."""

    root: Path
    base: Path


def has_template(text: str) -> bool:
    """Whether there is anything to render."""
    return "{{" in text or "{%" in text


def names_used(text: str, below: str = VARS) -> frozenset[str]:
    """The names below `vars` (or another) that a template speaks of, whether or not they are reached. Never raises."""
    if not has_template(text):
        return frozenset()
    if len(text) > MAX_HERE:
        try:
            return frozenset(WORKERS.call("names", {"text": text, "below": below}))
        except (WorkTimeout, WorkFailed):
            return frozenset()  # it will not be rendered either
    from asstctl.documents import rendering

    return rendering.names_used(text, below)


def roots_used(text: str) -> frozenset[str]:
    """The names of its own that a template speaks of, such as `vars`. Never raises."""
    if not has_template(text):
        return frozenset()
    plain = _plain(text)
    if plain is not None:
        return frozenset(name.partition(".")[0] for name in plain)
    if len(text) > MAX_HERE:
        try:
            return frozenset(WORKERS.call("names", {"text": text, "below": ""}))
        except (WorkTimeout, WorkFailed):
            return frozenset()
    from asstctl.documents import rendering

    return rendering.roots_used(text)


def names_needed(text: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The names of its own that a template cannot do without, and those directly below them as (name, part); none of a
    template that is too long to be looked into here. Never raises."""
    if not has_template(text):
        return frozenset(), frozenset()
    plain = _plain(text)
    if plain is not None:
        steps = [name.split(".") for name in plain]
        return frozenset(step[0] for step in steps), frozenset((step[0], step[1]) for step in steps)
    if len(text) > MAX_HERE:
        return frozenset(), frozenset()
    from asstctl.documents import rendering

    return rendering.names_needed(text)


def files_included(text: str, includes: Includes) -> tuple[str, ...]:
    """The files that a template takes in, and that these take in, by their paths in the project, whether or not they
    are reached; those whose names are worked out while rendering cannot be known. Never raises."""
    if not has_template(text) or "include" not in text:
        return ()
    task = {"text": text, "root": str(includes.root), "base": str(includes.base)}
    try:
        return tuple(WORKERS.call("included", task))
    except (WorkTimeout, WorkFailed):
        return ()


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
    result = _render(text, {name: variables}, includes, keep_type=False)
    assert isinstance(result, str)
    return result


def render_value(text: str, variables: Mapping[str, Json], includes: Includes | None = None) -> Json:
    """As `render`, but a template that is one `{{ expression }}` keeps the expression's type."""
    return _render(text, {VARS: variables}, includes, keep_type=True) if has_template(text) else text


def fill(text: str, names: Mapping[str, Json], *, as_text: bool = False) -> Json:
    """A template with all the names that it may speak of; one `{{ expression }}` alone keeps the value that it has.

    `as_text`: the result is a text whatever the expression's type. Raises TemplateFault.
    """
    if not has_template(text):
        return text
    found = _looked_up(text, names, as_text=as_text)
    return _render(text, names, None, keep_type=not as_text) if isinstance(found, Absent) else found


_NAME = re.compile(r"\{\{[ \t]*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)[ \t]*\}\}")


def _plain(text: str) -> list[str] | None:
    """The dotted names in a template that does nothing but name values; None for any other."""
    return None if has_template(_NAME.sub("", text)) else _NAME.findall(text)


def _looked_up(text: str, names: Mapping[str, Json], *, as_text: bool) -> Json | Absent:
    """What most templates come to, which only name values; ABSENT where it takes more to tell."""
    plain = _plain(text)
    if plain is None:
        return ABSENT
    values = [_value(name, names) for name in plain]
    if len(values) == 1 and not as_text and _NAME.fullmatch(text):
        return values[0]
    if any(isinstance(value, Absent | Mapping | list) for value in values):
        return ABSENT  # the sandbox has its own words for what is not there, and writes lists
    texts = iter(values)
    filled = _NAME.sub(lambda _: _written(next(texts)), text)
    return filled if len(filled) <= MAX_HERE else ABSENT


def _value(name: str, names: Mapping[str, Json]) -> Json | Absent:
    value: Any = names
    for step in name.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return ABSENT
        value = value[step]
    found: Json = value
    return found


def _written(value: Json | Absent) -> str:
    """A value inside a text: as YAML would write it."""
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _render(text: str, names: Mapping[str, Json], includes: Includes | None, *, keep_type: bool) -> Json:
    if len(text) <= MAX_HERE:
        from asstctl.documents import rendering

        if rendering.is_bounded(text):
            return rendering.render_here(text, names, keep_type=keep_type)
    values = {name: dict(value) if isinstance(value, Mapping) else value for name, value in names.items()}
    task: dict[str, Json] = {"text": text, "names": values, "keep_type": keep_type}
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
