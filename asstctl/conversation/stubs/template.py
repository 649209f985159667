"""`template: text`: a sandboxed template with the arguments of the call as `args`.

It may also name the conversation's `vars` and `matrix`, and what its turns have `saved`.
"""

from dataclasses import dataclass
from typing import ClassVar

from asstctl.conversation.shapes import TEXT
from asstctl.conversation.stubs.kind import Read, StubCall, StubFailed, StubKind, StubSource
from asstctl.core.diagnostic import error
from asstctl.core.json_types import Json
from asstctl.documents.templates import TemplateFault, check, fill

ARGS = "args"
"""What templates call the arguments of the call."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer made of the arguments."""

    runs_code: ClassVar[bool] = False
    text: str

    async def answer(self, call: StubCall) -> str:
        import asyncio

        names: dict[str, Json] = {**call.values, "saved": dict(call.saved), ARGS: dict(call.arguments)}
        try:
            # In a thread: a template with loops is rendered by a child process, which is waited for.
            return str(await asyncio.to_thread(fill, self.text, names, as_text=True))
        except TemplateFault as fault:
            if fault.code == "undefined-variable":
                way_on = f"; {fault.hint}" if fault.hint else ""
                raise StubFailed(f"the template names `{fault.name}`, which the call does not have{way_on}") from None
            raise StubFailed(fault.summary) from None


def _read(source: StubSource) -> Read:
    text = source.value
    if not isinstance(text, str):
        hint = 'write it as text, such as "{{ args.query }}"'
        return (error("stub-shape", "`template` is not a text", source.where, hint=hint),)
    try:
        check(text)
    except TemplateFault as fault:
        return (fault.at(source.where),)
    return Rendered(text)


TEMPLATE = StubKind("template", _read, TEXT)
