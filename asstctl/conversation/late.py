"""Late: texts that name `saved`, and are filled in only while their conversation is played.

A Late is a text like any other for whoever walks the values of a case; what its names mean besides `saved` it carries
with it. How a text is rendered is for `documents.templates`; which texts are late is for `filling`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from asstctl.core.json_types import Json
from asstctl.documents.templates import TemplateFault, fill

if TYPE_CHECKING:  # stubs are parts of a case, and may be late
    from asstctl.conversation.case import Closing, Expectation, ExpectedCall, Save, Turn, UserFile

SAVED = "saved"
"""What templates call the values that earlier turns have kept."""


class Late(str):
    """A template that names `saved`. `values` are its other names; `as_text`: what it comes to is a text."""

    __slots__ = ("as_text", "values")

    values: Mapping[str, Json]
    as_text: bool

    @classmethod
    def of(cls, text: str, values: Mapping[str, Json], *, as_text: bool = False) -> "Late":
        """A late text and what its other names mean."""
        late = cls(text)
        late.values = values
        late.as_text = as_text
        return late


class NotFilled(Exception):
    """A late text gives nothing, now that what was saved is known; its text is one sentence that says why."""


def is_late(value: Json) -> bool:
    """Whether a value, or anything inside it, is known only while the conversation is played."""
    if isinstance(value, str):
        return isinstance(value, Late)
    if isinstance(value, Mapping):
        return any(is_late(item) for item in value.values())
    return isinstance(value, list | tuple) and any(is_late(item) for item in value)


def filled(value: Json, saved: Mapping[str, Json]) -> Json:
    """A value with its late texts filled in; the very same where it has none. Raises NotFilled."""
    if isinstance(value, Late):
        try:
            return fill(value, {**value.values, SAVED: dict(saved)}, as_text=value.as_text)
        except TemplateFault as fault:
            raise NotFilled(f"{fault.summary}; {fault.hint}" if fault.hint else fault.summary) from None
    if not is_late(value):
        return value
    if isinstance(value, Mapping):
        return {key: filled(item, saved) for key, item in value.items()}
    assert isinstance(value, list | tuple)
    return [filled(item, saved) for item in value]


def filled_text(text: str, saved: Mapping[str, Json]) -> str:
    """As `filled`, of what is a text whatever is put into it. Raises NotFilled."""
    return str(filled(text, saved))


def filled_turn(turn: "Turn", saved: Mapping[str, Json]) -> "Turn":
    """A turn as it is to be played, with what the turns before it have saved. Raises NotFilled."""
    return replace(
        turn,
        user=None if turn.user is None else filled_text(turn.user, saved),
        calls=tuple(_call(call, saved) for call in turn.calls),
        expect=tuple(_expectation(expected, saved) for expected in turn.expect),
        files=tuple(_file(file, saved) for file in turn.files),
        save=tuple(_save(save, saved) for save in turn.save),
    )


def filled_closing(closing: "Closing", saved: Mapping[str, Json]) -> "Closing":
    """What must hold in the end, with everything that was saved. Raises NotFilled."""
    return replace(
        closing,
        calls=tuple(_call(call, saved) for call in closing.calls),
        expect=tuple(_expectation(expected, saved) for expected in closing.expect),
    )


def _call(call: "ExpectedCall", saved: Mapping[str, Json]) -> "ExpectedCall":
    args, defaults = filled(call.args, saved), filled(call.defaults, saved)
    assert isinstance(args, Mapping)
    assert isinstance(defaults, Mapping)
    paths = tuple((path, filled(pattern, saved)) for path, pattern in call.paths)
    return replace(call, args=args, defaults=defaults, paths=paths)


def _expectation(expected: "Expectation", saved: Mapping[str, Json]) -> "Expectation":
    value = filled(expected.value, saved)
    return expected if value is expected.value else replace(expected, value=value)


def _file(file: "UserFile", saved: Mapping[str, Json]) -> "UserFile":
    if not isinstance(file.url, Late):
        return file
    url = filled_text(file.url, saved)
    return replace(file, url=url, shown=url)


def _save(save: "Save", saved: Mapping[str, Json]) -> "Save":
    return replace(save, path=filled_text(save.path, saved)) if isinstance(save.path, Late) else save
