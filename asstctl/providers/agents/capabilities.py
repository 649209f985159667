"""What the Agents wire holds, promises and cannot hold, as data (agents facts, sections 2 and 5).

Plain values of `core`: `validate` loads this without an SDK or an HTTP library. Vector stores are those of the same
host, on the Assistants v2 wire.
"""

from asstctl.core.capabilities import Capabilities, Limit, Unsupported, Way, WireField
from asstctl.core.mark import PAIRS
from asstctl.core.thread import Need
from asstctl.providers.agents.wire import AGENT_DEFAULTS, DIALECT, EXTENSION_TOOLS, LIST_LAG
from asstctl.providers.assistants.capabilities import VECTOR_STORE_FIELDS, VECTOR_STORE_LIMITS

APPENDED = (
    "The Agents API appends instructions to its own: replies and token counts differ from those of an assistant "
    "with the same text."
)
"""What holds of every agent (agents facts, section 0): one tiny turn was billed at some 7,200 input tokens."""

AGENT_FIELDS = {
    "name": WireField(("name",)),
    "model": WireField(("model",), resettable=False),
    "instructions": WireField(("instructions",)),
    "tools": WireField(("tools",), reset=[]),
    "metadata": WireField(("metadata",), reset={}),
    "reasoning_effort": WireField(("reasoning", "effort"), computed=True),
    "response_format": WireField(("text", "format"), reset={"type": "text"}),
}

AGENT_LIMITS = {
    "name": Limit(max_chars=128),
    "instructions": Limit(max_chars=1_048_576),
    "model": Limit(max_chars=1_048_576),
    "metadata": Limit(max_items=16 - PAIRS, max_key_chars=64, max_value_chars=512),
}

AGENT_UNSUPPORTED = {
    "description": Unsupported("no description", "keep it as a pair of `metadata`, which holds as much"),
    "temperature": Unsupported("no temperature", "remove it for this target: `targets: {TARGET: {temperature: null}}`"),
    "top_p": Unsupported("no top_p", "remove it for this target: `targets: {TARGET: {top_p: null}}`"),
    "response_format.json_object": Unsupported("no json_object format", "write `type: json_schema` with a schema"),
    "response_format.strict": Unsupported("no strict schemas", "leave out `strict`", values=(True,)),
    "response_format.description": Unsupported("no description of a schema", "put it into the schema itself"),
    "tools.code_interpreter": Unsupported(
        "no code interpreter among an agent's tools",
        "have conversations open a hosted environment, which runs code",
        (Way.SESSION, Way.DROP),
    ),
    "tools.file_search": Unsupported(
        "no file search",
        "have a function of yours stand for it, which searches the vector store",
        (Way.FUNCTION, Way.DROP),
    ),
    "tool_resources.code_interpreter": Unsupported(
        "no files of an agent", "leave the tool away there: `except: [TARGET]`"
    ),
}

FUNCTION_UNSUPPORTED = {"strict": Unsupported("no strict functions", "leave out `strict`", values=(True,))}

AGENT_CHANGED = {
    "model": "agents take fewer models: one that they do not take is refused when it is applied",
    "instructions": "they are appended to built-in ones: replies differ, and one tiny turn was billed at some "
    "7,200 input tokens",
    "response_format.json_schema": "its schema is kept and its name is not; the root of the schema must be an object",
}

FUNCTION_CHANGED = {
    "description": "agents require it: a missing one is sent as an empty text",
    "parameters": "agents require them: missing ones are sent as an object without properties",
}

COMPOSITE = frozenset({"text", "reasoning", "tools"})
"""Keys of an agent that hold a field, and extensions beside it."""

AGENTS_V1 = Capabilities(
    wire="agents-v1",
    fields={"assistant": AGENT_FIELDS, "vector_store": VECTOR_STORE_FIELDS},
    limits={"assistant": AGENT_LIMITS, "vector_store": VECTOR_STORE_LIMITS},
    list_lag=LIST_LAG,
    ties_in_creation_order=False,
    page_size=100,
    dialect=DIALECT,
    api=DIALECT,
    missing={
        Need.SEED_ASSISTANT_MESSAGE: "sessions of the Agents API begin with what a user says",
        Need.ASSISTANT_SPEAKS_FIRST: "sessions of the Agents API begin with what a user says",
        Need.ATTACHMENTS: "messages of the Agents API hold no files",
        Need.THREAD_FILES: "sessions of the Agents API without an environment hold no files",
        Need.RUN_OPTIONS: "turns of the Agents API take no options",
        Need.STREAM: "replies of the Agents API are read here once they are whole, and not streamed",
    },
    instructions_notes=(APPENDED,),
    unsupported={"assistant": AGENT_UNSUPPORTED, "function": FUNCTION_UNSUPPORTED},
    changed={"assistant": AGENT_CHANGED, "function": FUNCTION_CHANGED},
    composite=COMPOSITE,
    extension_tools=frozenset(EXTENSION_TOOLS),
    extensions={"assistant": frozenset({"tools", *AGENT_DEFAULTS})},
)
