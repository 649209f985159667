"""What a client says to a session: user messages, results of calls, a cancel."""

from typing import Any

from asstctl.emulator.refusals import empty_string
from asstctl.emulator.shapes import Array, Choice, Flag, Member, Null, Record, Rules, Shape, Text, Variants

Json = Any

MESSAGE, RESULT, CANCEL = (f"agent.session.input.{what}" for what in ("message", "tool_result", "cancel"))

MAX_KEY = 256
"""Characters of an idempotency key."""


class _Said(Shape):
    """Text of a user: blanks are something, nothing is not."""

    expected = "a string"

    def read(self, value: Json, path: str, rules: Rules) -> str:
        text = Text().read(value, path, rules)
        if not text and not rules.lenient:
            raise empty_string(path)
        return text


_IMAGE = Record((Member("image_url", Text(), required=True),))
_MESSAGE = Record(
    (
        Member("type", Choice(("message",)), null=Null.IGNORED),
        Member("role", Choice(("user",)), required=True),
        Member(
            "content",
            Array(
                Variants({"input_text": Record((Member("text", _Said(), required=True),)), "input_image": _IMAGE}),
                min_length=1,
            ),
            required=True,
        ),
    )
)
_MESSAGES = Array(_MESSAGE, min_length=1)


class _Input(Shape):
    """The first input of a session: messages, or a text for the one message that it is."""

    expected = "one of a string or array"

    def read(self, value: Json, path: str, rules: Rules) -> list[Json]:
        if isinstance(value, str):
            return [{"role": "user", "content": [{"type": "input_text", "text": _Said().read(value, path, rules)}]}]
        read: list[Json] = _MESSAGES.read(value, path, rules)
        return read


INPUT = _Input()


class _Output(Shape):
    """What a call came to: a text, or parts."""

    expected = "one of a string or array"

    def read(self, value: Json, path: str, rules: Rules) -> Json:
        if isinstance(value, list):
            parts = {"input_text": Record((Member("text", Text(), required=True),)), "input_image": _IMAGE}
            return Array(Variants(parts)).read(value, path, rules)
        return Text().read(value, path, rules)


EVENTS = Record(
    (
        Member(
            "events",
            Array(
                Variants(
                    {
                        MESSAGE: Record((Member("input", _MESSAGES, required=True),)),
                        RESULT: Record(
                            (
                                Member("turn_id", Text(), required=True),
                                Member("call_id", Text(), required=True),
                                Member("success", Flag(), required=True),
                                Member("output", _Output(), null=Null.IGNORED),
                                Member("error", Text(), null=Null.IGNORED),
                            )
                        ),
                        CANCEL: Record(()),
                    }
                )
            ),
            required=True,
        ),
    )
)
"""The body that brings events. Approvals are not among them: nothing here ever asks for one."""
