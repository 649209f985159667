"""What the Assistants v2 wire holds and promises, as data (wire facts, A3 and A4).

Plain values of `core`: `validate` loads this without an SDK or an HTTP library.
"""

from asstctl.core.capabilities import Capabilities, Limit, Unsupported, WireField
from asstctl.core.knowledge import ATTRIBUTES
from asstctl.core.mark import PAIRS

MAX_FILE = 512 * 1024 * 1024
"""Bytes of one upload."""

MAX_FILES = 10_000
"""Files of one vector store: what the documentation of hosted servers promises; newer ones may take more."""

ASSISTANT_FIELDS = {
    "name": WireField(("name",)),
    "description": WireField(("description",)),
    "model": WireField(("model",), resettable=False),
    "instructions": WireField(("instructions",)),
    "tools": WireField(("tools",), reset=[]),
    "tool_resources.code_interpreter": WireField(("tool_resources", "code_interpreter"), reset={"file_ids": []}),
    "tool_resources.file_search": WireField(("tool_resources", "file_search"), reset={"vector_store_ids": []}),
    "metadata": WireField(("metadata",), reset={}),
    "temperature": WireField(("temperature",)),
    "top_p": WireField(("top_p",)),
    "reasoning_effort": WireField(("reasoning_effort",)),
    "response_format": WireField(("response_format",), reset="auto"),
}

# A function lives in its users' tools, wherever it is written: its bounds are theirs.
ASSISTANT_LIMITS = {
    "name": Limit(max_chars=256),
    "description": Limit(max_chars=512),
    "instructions": Limit(max_chars=256_000),
    "tools": Limit(max_items=128),
    "tools[].function.name": Limit(max_chars=64),
    "tools[].function.description": Limit(max_chars=1024),
    "tools[].file_search.max_num_results": Limit(minimum=1, maximum=50),
    "tools[].file_search.ranking_options.score_threshold": Limit(minimum=0, maximum=1),
    "tool_resources.code_interpreter.file_ids": Limit(max_items=20),
    "tool_resources.code_interpreter.file_ids[].bytes": Limit(minimum=1, maximum=MAX_FILE),
    "tool_resources.file_search.vector_store_ids": Limit(max_items=1),
    "metadata": Limit(max_items=16 - PAIRS, max_key_chars=64, max_value_chars=512),
    "temperature": Limit(minimum=0, maximum=2),
    "top_p": Limit(minimum=0, maximum=1),
    "response_format.json_schema.name": Limit(max_chars=64),
}

# `description` can be given to a create alone, so it is nobody's field: an edit could not be applied.
VECTOR_STORE_FIELDS = {
    "name": WireField(("name",)),
    "expires_after": WireField(("expires_after",)),
    "metadata": WireField(("metadata",), reset={}),
}

# `files` are those that a manifest names: no field of the object, but bounded like one. A path is an attribute there.
VECTOR_STORE_LIMITS = {
    "name": Limit(max_chars=256),
    "expires_after.days": Limit(minimum=1, maximum=365),
    "metadata": Limit(max_items=16 - PAIRS, max_key_chars=64, max_value_chars=512),
    "files": Limit(max_items=MAX_FILES),
    "files[].bytes": Limit(minimum=1, maximum=MAX_FILE),
    "files[].path": Limit(max_chars=512),  # it is an attribute
    "files[].attributes": Limit(max_items=16 - ATTRIBUTES, max_key_chars=64, max_value_chars=512),
}

ASSISTANT_UNSUPPORTED = {
    "tools.mcp": Unsupported("no tools of type mcp", "leave the tool away there: `except: [TARGET]`"),
    "tools.web_search": Unsupported("no web search", "leave the tool away there: `except: [TARGET]`"),
}

ASSISTANTS_V2 = Capabilities(
    wire="assistants-v2",
    api="Assistants API",
    fields={"assistant": ASSISTANT_FIELDS, "vector_store": VECTOR_STORE_FIELDS},
    limits={"assistant": ASSISTANT_LIMITS, "vector_store": VECTOR_STORE_LIMITS},
    list_lag=0.0,
    ties_in_creation_order=True,
    page_size=100,
    unsupported={"assistant": ASSISTANT_UNSUPPORTED},
)
