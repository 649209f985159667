"""Conversation files written into a folder and read, for tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asstctl.conversation.case import Case
from asstctl.conversation.reading.cases import load_cases
from asstctl.conversation.reading.filling import Withheld
from asstctl.conversation.reading.signatures import Signature
from asstctl.core.diagnostic import Diagnostic

REFUND: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "order_id": {"type": "string"},
        "amount": {"type": "number", "minimum": 0},
        "currency": {"enum": ["EUR", "USD"]},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "note": {"type": ["string", "null"]},
    },
    "required": ["order_id", "amount"],
    "additionalProperties": False,
    "$defs": {
        "line": {
            "type": "object",
            "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer"}},
            "additionalProperties": False,
        }
    },
}
REFUNDED = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}

BOT: Mapping[str, Mapping[str, Signature]] = {"bot": {"refund": Signature(REFUND, REFUNDED), "get_order": Signature()}}

TURNS = "turns: [{user: hi, expect: {contains: x}}]\n"


def read(
    root: Path,
    text: str,
    files: Mapping[str, str] | None = None,
    *,
    functions: Mapping[str, Mapping[str, Signature]] = BOT,
    vars: Mapping[str, Any] | None = None,  # noqa: A002
    given: Mapping[str, Any] | None = None,
    withheld: Withheld | None = None,
    use: tuple[str, ...] = (),
) -> tuple[list[Case], list[Diagnostic]]:
    """The cases of one file `a.convo.yaml`, for an assistant `bot`, beside other files."""
    for name, content in {**(files or {}), "a.convo.yaml": text}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    cases, diagnostics = load_cases(
        [root / "a.convo.yaml"],
        root=root,
        use=[root / name for name in use],
        assistants=functions,
        functions=functions,
        vars=vars or {},
        given=given or {},
        withheld=withheld or Withheld(),
    )
    return list(cases), list(diagnostics)


def said(diagnostics: list[Diagnostic]) -> list[tuple[str, str]]:
    """The place (in the file itself) and the code of each."""
    return [(f"{d.where.line}:{d.where.column}", d.code) if d.where else ("", d.code) for d in diagnostics]
