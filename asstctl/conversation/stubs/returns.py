"""`return: value`: the same answer every time; a text as it stands, anything else as JSON.

A value that names `saved` is filled in when it is asked for.
"""

from dataclasses import dataclass
from typing import ClassVar

from asstctl.conversation import late
from asstctl.conversation.shapes import ANYTHING
from asstctl.conversation.stubs.kind import Read, StubCall, StubFailed, StubKind, StubSource
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json


@dataclass(frozen=True, slots=True)
class Fixed:
    """An answer that is known beforehand."""

    runs_code: ClassVar[bool] = False
    value: Json

    async def answer(self, call: StubCall) -> str:
        try:
            value = late.filled(self.value, call.saved)
        except late.NotFilled as problem:
            raise StubFailed(str(problem)) from None
        return value if isinstance(value, str) else json_text(value)


def _read(source: StubSource) -> Read:
    return Fixed(source.value)


RETURN = StubKind("return", _read, ANYTHING)
