"""What stubs return, held against what the function's manifest says that it returns."""

from asstctl.conversation.text import shown
from asstctl.core.conversation import Mismatch
from asstctl.core.json_text import read_json
from asstctl.core.json_types import Json, JsonObject
from asstctl.documents.schemas import misfits


def misfits_of(output: str, schema: JsonObject) -> tuple[Mismatch, ...]:
    """Where an output, which is JSON or else a text, is not as the schema says; none where either reading is."""
    try:
        value: Json = read_json(output)
    except ValueError:
        value = output
    found = misfits(schema, value)
    if not found or (value is not output and not misfits(schema, output)):
        return ()
    return tuple(Mismatch(".".join(map(str, one.path)) or "(output)", one.expected, shown(one.actual)) for one in found)
