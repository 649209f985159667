"""`return: value`: the same answer every time; a text as it stands, anything else as JSON."""

from dataclasses import dataclass
from typing import ClassVar

from asstctl.conversation.stubs.kind import Answer, StubCall, StubKind, StubSource
from asstctl.core.diagnostic import Diagnostic
from asstctl.core.json_text import json_text


@dataclass(frozen=True, slots=True)
class Fixed:
    """An answer that is known beforehand."""

    runs_code: ClassVar[bool] = False
    output: str

    async def answer(self, call: StubCall) -> str:
        return self.output


def _read(source: StubSource) -> Answer | Diagnostic:
    value = source.value
    return Fixed(value if isinstance(value, str) else json_text(value))


RETURN = StubKind("return", _read)
