"""The field table of kind `assistant`: what is owned, its code in the mark, and how it compares.

Names and defaults are those of the Assistants v2 object (wire facts, A3 and A4). The model of what a user
writes is in `assistant.py`. A code is never reused for another field.
"""

from asstctl.kinds.canonical import id_set, mapping, optional_text, response_format, tools, with_default
from asstctl.kinds.field import Field, Kind, table

TOOL_TYPES = frozenset({"code_interpreter", "file_search", "function", "mcp", "web_search"})
"""Tools that have words of their own in a manifest, whichever wires take them."""

ASSISTANT = Kind(
    "assistant",
    table(
        Field("name", "na", optional_text),
        Field("description", "de", optional_text),
        Field("model", "mo", optional_text),
        Field("instructions", "in", optional_text),
        Field("tools", "to", tools),
        Field("tool_resources.code_interpreter", "tc", id_set("file_ids")),
        Field("tool_resources.file_search", "tf", id_set("vector_store_ids")),
        Field("metadata", "me", mapping),
        Field("temperature", "te", with_default(1)),
        Field("top_p", "tp", with_default(1)),
        Field("reasoning_effort", "re", optional_text),
        Field("response_format", "rf", response_format),
    ),
)
