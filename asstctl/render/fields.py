"""The lines of one change's fields: what becomes of each, with the difference of long texts word by word.

Which fields a change has, and where they stand, was decided by the engine.
"""

from collections.abc import Mapping, Sequence

from asstctl.core.change import Absent, Action, Change, Detail, FieldChange, FieldState
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.core.reference import is_known
from asstctl.render.differences import diff_lines
from asstctl.render.style import Look, Style
from asstctl.render.text import Line, Span, cells, line, padded, wrapped
from asstctl.render.values import counted, is_long_text, place, summary, tool_names, value_text
from asstctl.render.words import diff_texts

_FIELD = " " * 6
_BELOW = " " * 10
_NAME_COLUMN = 24
_ENTRIES = 12
DEFAULT = "(default)"
"""What is said of a field that has no value of its own."""

NONE = "(none)"
"""What is said of a place inside a field where one side has nothing."""

UNKNOWN = "something else"
"""What was last applied, where the mark only tells that it was not what is there."""


def field_lines(change: Change, look: Look) -> list[Line]:
    """All fields of a change, aligned."""
    column = max((cells(f.name) + 1 for f in change.fields if cells(f.name) < _NAME_COLUMN), default=0) + 1
    return [text for field in change.fields for text in _Writer(look, column, change.action).lines(field)]


def overwriting_words(field: FieldChange) -> str:
    """What becomes of drift that somebody told us to overwrite."""
    return "overwrites drift" + (f", as {place(field.decided)} says" if field.decided else "")


def path_of(field: FieldChange, detail: Detail) -> str:
    """The whole path of a difference inside a field."""
    return f"{field.name}.{detail.path}" if detail.path else field.name


class _Writer:
    """One field in one look; holds what every line of it needs."""

    def __init__(self, look: Look, column: int, action: Action) -> None:
        self._look = look
        self._column = column
        self._action = action

    def lines(self, field: FieldChange) -> list[Line]:
        match field.state:
            case FieldState.UNMANAGED:
                return self._value(" ", Style.FAINT, field.name, f"{self._short(field.before)} (not declared here)")
            case FieldState.DRIFT | FieldState.CONFLICT:
                return self._outside(field)
            case FieldState.SINCE:
                return self._since(field)
        if isinstance(field.before, Absent):
            return self._one_side("+", Style.ADD, field.name, field.after)
        if isinstance(field.after, Absent):
            gone = "" if self._action is Action.DELETE else f" -> {DEFAULT}"
            return self._value("-", Style.REMOVE, field.name, self._short(field.before, len(gone)) + gone)
        return self._both_sides("~", Style.CHANGE, field)

    def _outside(self, field: FieldChange) -> list[Line]:
        """Drift and conflict: the live value first, since nobody has seen it yet."""
        if field.overwritten:
            return self._both_sides("!", Style.DRIFT, field, f" ({overwriting_words(field)})")
        if self._action is Action.KEEP:
            # nothing declares it, and of what was applied the mark holds a digest
            said = f"live {self._short(field.before)}, last applied {UNKNOWN}"
            return self._value("!", Style.DRIFT, field.name, said)
        drift = field.state is FieldState.DRIFT
        why = "(changed outside of git)" if drift else "(both changed)"
        if self._is_text(field):
            header, rows = self._text_rows(str(field.before), str(field.after))
            legend = f"{header}{', ' if header else ''}[-live-]{{+manifest+}}"
            both = f" {why}" if field.state is FieldState.CONFLICT else ""
            return [*self._value("!", Style.DRIFT, field.name, legend + both), *rows]
        if not field.details:
            return self._value(
                "!", Style.DRIFT, field.name, self._live_and_manifest(field, drift) + f" {why}" * (not drift)
            )
        lines = self._value("!", Style.DRIFT, field.name, why)
        for detail in field.details:
            lines += self._value("!", Style.DRIFT, path_of(field, detail), self._live_and_manifest(detail, drift))
        return lines

    def _live_and_manifest(self, pair: FieldChange | Detail, drift: bool) -> str:
        """Drift means that the manifest still says what was last applied; of a conflict only digests are known."""
        none = DEFAULT if isinstance(pair, FieldChange) else NONE
        live, manifest = (none if isinstance(side, Absent) else self._short(side) for side in (pair.before, pair.after))
        applied = manifest if isinstance(pair.after, Absent) else self._short(pair.after, there=True)
        return f"live {live}, {f'last applied {applied}, ' if drift else ''}manifest {manifest}"

    def _since(self, field: FieldChange) -> list[Line]:
        """What is there now, what the run left, and what an undo would bring back."""
        said = f"live {self._short(field.before)}, the run left {self._short(field.left)}"
        before = "" if self._action is Action.DELETE else f", before it {self._short(field.after)}"
        return self._value("!", Style.DRIFT, field.name, said + before)

    def _both_sides(self, symbol: str, style: Style, field: FieldChange, remark: str = "") -> list[Line]:
        if self._is_text(field):
            header, rows = self._text_rows(str(field.before), str(field.after))
            return [*self._value(symbol, style, field.name, (header + remark).strip()), *rows]
        if field.details:
            head = self._value(symbol, style, field.name, remark.strip()) if remark else []
            return head + [text for d in field.details for text in self._detail(path_of(field, d), d, symbol, style)]
        before, after = self._short(field.before), self._short(field.after)
        return self._value(symbol, style, field.name, f"{before} -> {after}{remark}")

    def _detail(self, path: str, detail: Detail, symbol: str, style: Style) -> list[Line]:
        if isinstance(detail.before, Absent):
            return self._value(symbol, style, path, "+ " + self._short(detail.after, 2))
        if isinstance(detail.after, Absent):
            return self._value(symbol, style, path, "- " + self._short(detail.before, 2))
        if _are_long_texts(detail.before, detail.after, self._room):
            header, rows = self._text_rows(str(detail.before), str(detail.after))
            return [*self._value(symbol, style, path, header), *rows]
        return self._value(symbol, style, path, f"{self._short(detail.before)} -> {self._short(detail.after)}")

    def _one_side(self, symbol: str, style: Style, name: str, value: Json | Absent) -> list[Line]:
        """A value that appears: on its line if it fits there, else its entries below."""
        if name == "tools" and not isinstance(value, Absent) and (names := tool_names(value)):
            return self._value(symbol, style, name, ", ".join(names))
        if isinstance(value, (Absent, str)) or cells(value_text(value)) <= self._room:
            return self._value(symbol, style, name, self._short(value))
        entries = _entries(value)
        lines = self._value(symbol, style, name, "")
        for label, entry in entries[:_ENTRIES]:
            if not is_known(entry):
                # what is to be made is told whole: a name cut off would be of no use
                lines += wrapped(f"{label}{value_text(entry)}", self._look.width, _BELOW, _BELOW + "  ")
                continue
            room = self._look.width - len(_BELOW) - cells(label)
            lines.append(line(_BELOW, label, summary(entry, max(20, room), self._look)))
        if more := len(entries) - _ENTRIES:
            lines += [line(_BELOW, Span(f"({more} more)", Style.FAINT))] if more > 0 else []
        return lines

    def _value(self, symbol: str, style: Style, name: str, value: str) -> list[Line]:
        """`symbol name: value`; a value that does not fit goes below the name."""
        head = line(_FIELD, Span(symbol, style), " ", padded(f"{name}:", self._column))
        if cells(head) + 1 + cells(value) <= self._look.width:
            return [line(head, " " if value else "", value)]
        if cells(name) < _NAME_COLUMN:
            indent = " " * (cells(head) + 1)
            return wrapped(value, self._look.width, line(head, " "), indent)
        return [head, *wrapped(value, self._look.width, _BELOW, _BELOW)]

    @property
    def _room(self) -> int:
        return self._look.width - len(_FIELD) - 2 - self._column - 1

    def _short(self, value: Json | Absent, taken: int = 0, *, there: bool = False) -> str:
        """`there`: a file in it has been uploaded."""
        if isinstance(value, Absent):
            return DEFAULT
        return summary(value, max(20, self._room - taken), self._look, there=there)

    def _is_text(self, field: FieldChange) -> bool:
        return _are_long_texts(field.before, field.after, self._room)

    def _text_rows(self, old: str, new: str) -> tuple[str, list[Line]]:
        diff = diff_texts(old, new)
        header = f"{diff.changed:,} of {counted(diff.total, 'line')}" if diff.total > 1 else ""
        return header, list(diff_lines(diff, self._look, _BELOW))


def _are_long_texts(before: object, after: object, room: int) -> bool:
    if not (isinstance(before, str) and isinstance(after, str)):
        return False
    together = room - len(" -> ")
    return (
        is_long_text(before, together)
        or is_long_text(after, together)
        or (cells(json_text(before)) + cells(json_text(after)) > together)
    )


def _entries(value: Json) -> list[tuple[str, Json]]:
    if isinstance(value, Mapping):
        return [(f"{key}: ", item) for key, item in value.items()]
    return [("- ", item) for item in value] if isinstance(value, Sequence) else [("", value)]
