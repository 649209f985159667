"""What people saved of the Assistants API: assistants with every documented field and odd ones, threads, and the shapes
of files that they are saved in.

`ASSISTANTS` are as the wire shows them. The instructions and functions of the first ones are those of tutorials that
many people followed.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Raw = dict[str, Any]

SCHEDULE = (
    "SQL query extracting info to answer the user's question.\nSQL should be written using this database schema:\n\n"
    "CREATE TABLE Courses (\n\tid INT AUTO_INCREMENT PRIMARY KEY,\n\tcourse_date DATE NOT NULL\n);\n"
)
ASK: Raw = {
    "type": "function",
    "function": {
        "name": "ask_database",
        "description": "Use this function to answer user questions about course schedule.",
        "parameters": {
            "type": "object",
            "properties": {"query": {"type": "string", "description": SCHEDULE}},
            "required": ["query"],
        },
        "strict": False,
    },
}
SEARCH: Raw = {
    "type": "file_search",
    "file_search": {
        "ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None},
    },
}
CODE: Raw = {"type": "code_interpreter"}
STRICT_SCHEMA: Raw = {
    "type": "object",
    "properties": {"answer": {"type": "string"}, "sources": {"type": "array", "items": {"type": "string"}}},
    "required": ["answer", "sources"],
    "additionalProperties": False,
}
FILE, STORE = "file-Sales2024csv", "vs_Handbook0000000000001"


def pairs(number: int) -> dict[str, str]:
    return {f"key_{n:02}": f"value {n}" for n in range(number)}


def function(name: str, **parts: Any) -> Raw:
    """A function as the wire shows it."""
    empty = {"type": "object", "properties": {}}
    return {"type": "function", "function": {"name": name, "parameters": empty, "strict": False, **parts}}


def assistant(suffix: str, **fields: Any) -> Raw:
    """An assistant as the wire shows it."""
    return {
        "id": f"asst_{suffix:0<24}",
        "object": "assistant",
        "created_at": 1_718_000_000 + len(suffix),
        "name": suffix,
        "description": None,
        "model": "gpt-4o",
        "instructions": None,
        "tools": [],
        "top_p": 1.0,
        "temperature": 1.0,
        "reasoning_effort": None,
        "tool_resources": {},
        "metadata": {},
        "response_format": "auto",
        **fields,
    }


def _format(**parts: Any) -> Raw:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": STRICT_SCHEMA, "strict": None, **parts}}


ASSISTANTS: Sequence[Raw] = (
    assistant(
        "guagua",
        name="AGIClass Demo",
        instructions="你叫瓜瓜。你是AGI课堂的助手。你只回答跟AI大模型有关的问题。不要跟学生闲聊。",
        tools=[ASK],
        metadata={"lang": "zh"},
    ),
    assistant(
        "tutor",
        name="Math Tutor",
        model="gpt-4-turbo",
        instructions="You are a personal math tutor. When asked a question, write and run Python code.",
        tools=[CODE],
        tool_resources={"code_interpreter": {"file_ids": []}},
    ),
    assistant("plain", name="Plain", instructions="Be brief."),
    assistant("nameless", name=None, instructions="I have no name."),
    assistant("void", name=None),
    assistant("empty", name="", description="", instructions=""),
    assistant("described", name="Described", description="Answers mail. " * 30),
    assistant("warm", name="Warm", temperature=0.7),
    assistant("cold", name="Cold", temperature=0.0, top_p=0.1),
    assistant("even", name="Even", temperature=1.0, top_p=1.0, metadata={"temperature": "one"}),
    assistant("thinker", name="Thinker", model="o3-mini", reasoning_effort="high"),
    assistant("text", name="Texter", response_format={"type": "text"}),
    assistant("json", name="Jason", response_format={"type": "json_object"}, instructions="Answer in JSON."),
    assistant("schema", name="Schema", response_format=_format()),
    assistant("strict", name="Strict", response_format=_format(strict=True)),
    assistant("loose", name="Loose", response_format=_format(strict=False, description="What was found.")),
    assistant("searcher", name="Searcher", tools=[SEARCH]),
    assistant(
        "ranked",
        name="Ranked",
        tools=[
            {
                "type": "file_search",
                "file_search": {
                    "max_num_results": 8,
                    "ranking_options": {"ranker": "auto", "score_threshold": 0.5, "hybrid_search": None},
                },
            }
        ],
        tool_resources={"file_search": {"vector_store_ids": [STORE]}},
    ),
    assistant(
        "analyst",
        name="Analyst",
        tools=[CODE, SEARCH],
        tool_resources={"code_interpreter": {"file_ids": [FILE]}, "file_search": {"vector_store_ids": [STORE]}},
    ),
    assistant(
        "strict_function", name="Strict function", tools=[function("tell", parameters=STRICT_SCHEMA, strict=True)]
    ),
    assistant("bare_function", name="Bare function", tools=[function("ping")]),
    assistant("shared_function", name="Shares a function", tools=[ASK, CODE]),
    assistant("crowd", name="Crowd", tools=[function(f"tool_{n:03}", description=f"Number {n}.") for n in range(128)]),
    assistant("huge", name="Huge", instructions="长" * 256_000),
    assistant("lines", name="Lines", instructions="".join(f"{n}. Do the {n}th thing.\n" for n in range(400))),
    assistant(
        "braces", name="Braces {{ name }}", instructions="Say {{ user }} and {% raw %}.", metadata={"t": "{{ x }}"}
    ),
    assistant("spaced", name="  spaced  ", instructions="  leading\n\ttab\n\ntrailing  \n\n"),
    assistant("yaml", name="yes", description="1e3", instructions="---\nkind: assistant\n---\n# no comment: {a: b}\n"),
    assistant("twin_1", name="Twin", instructions="The first."),
    assistant("twin_2", name="Twin", instructions="The second."),
    assistant("emoji", name="👩‍🏫 Профессор", instructions="Ünïcödé \u2028 and \u202e text."),
    assistant("thirteen", name="Thirteen", metadata=pairs(13)),
    assistant("long_values", name="L" * 256, metadata={"k" * 64: "v" * 512}),
    assistant(
        "retrieval", name="From v1", instructions="Look it up.", tools=[{"type": "retrieval"}, ASK], temperature=0.5
    ),
    assistant("browser", name=None, tools=[{"type": "browser_pro", "browser_pro": {"depth": 3}}]),
    assistant("fourteen", name="Fourteen", metadata=pairs(14)),
    assistant("sixteen", name="Sixteen", instructions="Full.", metadata=pairs(16)),
)

KNOWN_TOOLS = {"code_interpreter", "file_search", "function"}


def is_crowded(raw: Raw) -> bool:
    """Whether its metadata has no room for the mark."""
    return len(raw["metadata"] or ()) > 13


def unknown_tool(raw: Raw) -> str:
    """The type of a tool of it that no manifest can declare, or nothing."""
    return next((tool["type"] for tool in raw["tools"] if tool["type"] not in KNOWN_TOOLS), "")


OFFLINE_ONLY: Sequence[Raw] = (
    assistant("future", name="Future", safety_level="high", limits={"depth": 3}, gone=None),
    {"id": "asst_nulls0000000000000000000", "object": "assistant", "created_at": 1_718_000_000, "model": "gpt-4o"}
    | dict.fromkeys(("name", "description", "instructions", "tools", "tool_resources", "metadata", "response_format"))
    | dict.fromkeys(("temperature", "top_p", "reasoning_effort")),
    {"model": "gpt-4o", "name": "A request", "instructions": "It was never an answer.", "tools": [CODE]},
)
"""What a server does not show, or the emulator does not keep: unknown fields, nulls, the body of a request."""


def thread(suffix: str, assistant_id: str = "asst_guagua000000000000000000") -> Raw:
    """A thread with two exchanges, the first with a call, as somebody wrote it who asked for everything."""
    id = f"thread_{suffix}"
    messages = [
        message(id, 1, "user", "周三有什么课?"),
        message(id, 3, "assistant", "周三有 {{ 两 }} 节课。", run_id="run_1", assistant_id=assistant_id),
        message(id, 4, "user", "谢谢 {{ x }}"),
        message(id, 5, "assistant", "不客气。", run_id="run_2", assistant_id=assistant_id),
    ]
    runs = [
        run(id, 1, 2, assistant_id, [call("ask_database", {"query": "SELECT 1"}, '[["AI"]]')]),
        run(id, 2, 4, assistant_id),
    ]
    return {
        "id": id,
        "object": "thread",
        "created_at": 1_718_100_000,
        "metadata": {},
        "messages": messages,
        "runs": runs,
    }


def message(thread_id: str, at: int, role: str, text: str, **more: Any) -> Raw:
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    made = {"id": f"msg_{thread_id}_{at}", "object": "thread.message", "created_at": 1_718_100_000 + at}
    return {**made, "thread_id": thread_id, "role": role, "content": content, "attachments": [], "metadata": {}, **more}


def run(thread_id: str, number: int, at: int, assistant_id: str, calls: Sequence[Raw] = ()) -> Raw:
    made = {"id": f"run_{number}", "object": "thread.run", "created_at": 1_718_100_000 + at, "thread_id": thread_id}
    steps = [step(f"run_{number}", thread_id, at, calls)] if calls else []
    return {**made, "assistant_id": assistant_id, "status": "completed", "model": "gpt-4o", "steps": steps}


def step(run_id: str, thread_id: str, at: int, calls: Sequence[Raw]) -> Raw:
    details = {"type": "tool_calls", "tool_calls": list(calls)}
    made = {"id": f"step_{run_id}", "object": "thread.run.step", "created_at": 1_718_100_000 + at, "run_id": run_id}
    return {**made, "thread_id": thread_id, "type": "tool_calls", "status": "completed", "step_details": details}


def call(name: str, arguments: Mapping[str, Any], output: str | None) -> Raw:
    inner = {"name": name, "arguments": json.dumps(arguments), "output": output}
    return {"id": f"call_{name}", "type": "function", "function": inner}


def listed(objects: Sequence[Any], *, has_more: bool = False) -> Raw:
    """The answer of a list, newest first, as the API gives it when nobody asks for another order."""
    data = list(reversed(objects))
    ends = {"first_id": data[0].get("id"), "last_id": data[-1].get("id")}
    return {"object": "list", "data": data, **ends, "has_more": has_more}


def write_saved(folder: Path, assistants: Sequence[Raw] = (*ASSISTANTS, *OFFLINE_ONLY)) -> None:
    """The assistants in files of every shape, and threads beside them."""
    one, two, *rest = assistants
    third = len(rest) // 3
    lines = "".join(json.dumps(raw, ensure_ascii=False) + "\n" for raw in rest[:third])
    files: dict[str, Any] = {
        "one.json": one,
        "deeper/wrapped.json": {"assistants": [two]},
        "lines.jsonl": lines,
        "array.json": rest[third : 2 * third],
        "list.json": listed(rest[2 * third :]),
        "threads/whole.json": thread("whole"),
    }
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
        path.write_text(text, "utf-8")
