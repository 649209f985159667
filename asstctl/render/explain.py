"""`explain`: each value with what made it: the answer first, then a row for each thing that is to be known of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from asstctl.core.change import ABSENT, Absent, Action, FieldState
from asstctl.core.diagnostic import Where
from asstctl.core.explanation import Explained, Explanation, LastApplied, Said, Since, Stands, Variable
from asstctl.core.json_types import Json
from asstctl.core.origin import Origin, Source
from asstctl.render.plan import header_lines, way_lines
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import EMPTY, Line, Part, Span, cells, line, sentence, wrapped, written
from asstctl.render.values import listed, place, short_id, summary

_INDENT = "  "
_LABEL = 14
_SHORTEST = 16
_DEFAULT = "(default)"

_WORDS: Mapping[Source, str] = {
    Source.BODY: "",
    Source.FRONT_MATTER: "front matter",
    Source.MARKDOWN: "the text of the file",
    Source.OVERLAY: "overlay for {}",
    Source.DEFAULTS: "defaults for kind {}",
    Source.FUNCTION: "function {}",
    Source.FILE: "the file itself",
    Source.TEMPLATE: "a template",
    Source.INCLUDE: "included",
    Source.PROJECT: "vars of the project",
    Source.TARGET: "vars of target {}",
    Source.VAR_FILE: "--var-file",
    Source.FLAG: "{}",
    Source.PROGRAM: "given by the program",
    Source.ENVIRONMENT: "{} in the environment",
    Source.DEFAULT: "default",
}

_WHOLE = (Source.FILE, Source.TEMPLATE, Source.FUNCTION)
"""What is a value as a whole, so that nothing need be quoted of it."""

_STATES: Mapping[FieldState, tuple[str, Style]] = {
    FieldState.CLEAN: ("clean", Style.GOOD),
    FieldState.OURS: ("ours: the files changed since the last apply", Style.CHANGE),
    FieldState.DRIFT: ("drift: it was changed outside of git", Style.DRIFT),
    FieldState.CONFLICT: ("conflict: the files and the target both changed", Style.DRIFT),
    FieldState.UNMANAGED: ("not managed", Style.FAINT),
}

_ACTIONS: Mapping[Action, str] = {
    Action.CREATE: "creates it",
    Action.UPDATE: "updates it in-place",
    Action.REPLACE: "replaces it",
    Action.DELETE: "deletes it",
    Action.ADOPT: "adopts it",
    Action.MOVE: "moves it to this address",
    Action.FORGET: "lets go of it",
    Action.KEEP: "leaves it as it is",
}


def explanation_text(explanation: Explanation, look: Look = PLAIN) -> str:
    """All of it: which object on which target, its values, and what the next apply does with it."""
    lines = [*header_lines(explanation.target, look), EMPTY, _title(explanation, look)]
    whole = not explanation.asked
    for one in explanation.fields:
        lines += [EMPTY, *_value_lines(one, look, _INDENT, whole=whole)]
    lines += [EMPTY, *_closing(explanation, look)]
    return written(lines, look)


def _title(explanation: Explanation, look: Look) -> Line:
    id = f"   {short_id(explanation.id, look.glyphs)}" if explanation.id else ""
    at = f"   {place(explanation.where)}" if explanation.where else ""
    return line(Span(str(explanation.address), Style.STRONG), id, Span(at, Style.FAINT))


def _value_lines(one: Explained, look: Look, indent: str, *, whole: bool) -> Iterator[Line]:
    """The value, then what is to be said of it. `whole`: it is one of all fields, and what is clean needs no word."""
    head = line(indent, Span(f"{one.name}:", Style.STRONG), " ")
    if one.declared:
        yield line(head, _short(one.value, look.width - cells(head), look))
    else:
        yield from wrapped(one.remark, look.width, head, indent + _INDENT)
    rows = _Rows(look, indent + _INDENT)
    for row in (*_written_rows(one, rows), *_stand_rows(one.stands, rows, whole=whole)):
        yield from row
    for part in one.parts:
        # what was said of the whole need not be said again of its parts
        part = replace(part, since=None) if part.since == one.since else part
        yield from _value_lines(replace(part, stands=None), look, indent + _INDENT, whole=True)


class _Rows:
    """Rows of one block: a label, a place and words; a row that says more of the same label leaves it out."""

    def __init__(self, look: Look, indent: str) -> None:
        self.look = look
        self._indent = indent
        self._last = ""

    def row(self, label: str, *parts: Part, style: Style = Style.PLAIN) -> list[Line]:
        shown = "" if label == self._last else label
        self._last = label
        first = line(self._indent, Span(f"{shown:<{_LABEL}}", Style.FAINT))
        content = line(*parts) if style is Style.PLAIN else line(*(Span(str(part), style) for part in parts))
        return wrapped(content, self.look.width, first, " " * cells(first))

    def said(self, label: str, said: Said) -> list[Line]:
        """What one place says: where, in which words, and what."""
        at, words = _origin(said.origin)
        lead = "   ".join(filter(None, (at, words)))
        value = "(a secret)" if said.is_secret else ""
        if not value and not isinstance(said.value, Absent):
            room = self.look.width - len(self._indent) - _LABEL - cells(lead) - 2
            value = "null" if said.value is None else _short(said.value, max(_SHORTEST, room), self.look)
        return self.row(label, f"{lead}{': ' if value and lead else ''}{value}")


def _written_rows(one: Explained, rows: _Rows) -> Iterator[list[Line]]:
    is_joined = bool(one.parts) and isinstance(one.value, Mapping) and one.said[0].origin.source not in _WHOLE
    for number, said in enumerate(one.said):
        if number == 0 and is_joined:
            yield rows.row("from", "several places, which follow")
            continue
        # the value is in the heading already, unless a template made it of something else
        is_shown = number == 0 and one.declared and not one.variables
        if is_shown or said.origin.source in _WHOLE:
            said = replace(said, value=ABSENT)
        yield rows.said("over" if number else "from", said)
    for origin in one.via:
        yield rows.row("named at", "   ".join(filter(None, _origin(origin))))
    for origin in one.includes:
        yield rows.row("includes", origin.name)
    for variable in one.variables:
        yield from _variable_rows(variable, rows)
    if one.declared and one.remark:
        yield rows.row("note", one.remark)
    if one.since and one.said:
        yield rows.row("since", _since(one.since))


def _variable_rows(variable: Variable, rows: _Rows) -> Iterator[list[Line]]:
    label = f"vars.{variable.name}"
    if len(label) >= _LABEL:
        yield rows.row("variable", label)
        label = "from"
    for number, said in enumerate(variable.said):
        yield rows.said("over" if number else label, said)
    if not variable.said:
        yield rows.row(label, "nobody gives it a value")


def _stand_rows(stands: Stands | None, rows: _Rows, *, whole: bool) -> Iterator[list[Line]]:
    if stands is None or stands.state is None:
        if stands and stands.next and not whole:
            yield rows.row("next apply", stands.next)
        return
    words, style = _STATES[stands.state]
    if whole and stands.state is FieldState.CLEAN:
        return
    live = _side(stands.live, words, rows.look)
    yield rows.row("live", live, "   ", Span(words, style))
    if stands.applied:
        yield rows.row("last applied", _applied(stands.applied, rows.look))
    if stands.next and not (whole and stands.state is FieldState.UNMANAGED):
        yield rows.row("next apply", stands.next)
    if not whole:
        yield way_lines(stands.ways, rows.look)


def _side(value: Json | Absent, words: str, look: Look) -> str:
    room = max(_SHORTEST, look.width - _LABEL - cells(words) - 8)
    return _DEFAULT if isinstance(value, Absent) else _short(value, room, look)


def _applied(applied: LastApplied, look: Look) -> str:
    revision = f" at r={applied.revision}" if applied.revision else ""
    noted = f"digest {applied.digest}{revision}"
    if isinstance(applied.value, Absent):
        return f"{noted}; its value was not found in git"
    return f"{_short(applied.value, max(_SHORTEST, look.width - _LABEL - len(noted) - 9), look)}   ({noted})"


def _since(since: Since) -> str:
    if not since.revision:
        return since.reason
    said = "   ".join(filter(None, (since.revision, since.date, since.subject)))
    return f"{'at least ' if since.at_least else ''}{said}{f' ({since.reason})' if since.reason else ''}"


def _origin(origin: Origin) -> tuple[str, str]:
    """Where, and in which words."""
    words = _WORDS[origin.source].format(origin.name)
    return _lines(origin.where, origin.last_line), words


def _lines(where: Where | None, last: int) -> str:
    return f"{place(where)}-{last}" if where and last > where.line else place(where)


def _short(value: Json | Absent, room: int, look: Look) -> str:
    return _DEFAULT if isinstance(value, Absent | None) else summary(value, max(_SHORTEST, room), look)


def _closing(explanation: Explanation, look: Look) -> list[Line]:
    target = explanation.target.name
    lines: list[Line] = []
    if explanation.address.kind == "function":
        lines += sentence(_users([str(user) for user in explanation.users]), look.width)
    elif explanation.unseen:
        error = explanation.unseen
        lines += sentence(f"What is live was not seen: {error.summary}.", look.width)
        for part in filter(None, (error.detail, error.hint)):
            lines += sentence(part, look.width, _INDENT, _INDENT)
    elif not explanation.looked:
        lines += sentence(f"Nothing was asked of {target}; what is live is not known.", look.width)
    elif explanation.next:
        block = explanation.next.block
        if block:
            lines += wrapped(f"The next apply does not touch it: {block.reason}.", look.width)
            lines += way_lines(block.ways, look) if not explanation.asked else []
        else:
            reason = f": {explanation.next.reason}" if explanation.next.reason else ""
            lines += wrapped(f"The next apply {_ACTIONS[explanation.next.action]}{reason}.", look.width)
    for remark in explanation.remarks:
        lines += sentence(remark, look.width)
    return lines


def _users(users: Sequence[str]) -> str:
    if not users:
        return "No assistant uses it."
    return f"Used by {listed(users)}; changes of it show there."
