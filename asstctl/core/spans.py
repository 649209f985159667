"""What our spans are called and hold: the only place that knows names of OpenTelemetry's conventions.

Those for GenAI are still in development (semantic-conventions-genai, after 1.41 of the general ones): a name that
changes there changes here. No span holds a text, an argument, an answer, a query, a header or a body.
"""

import re

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.requests import Exchange
from asstctl.core.thread import Usage
from asstctl.core.tracing import Attributes, Begun

_OPERATION = "gen_ai.operation.name"
_PROVIDER = "gen_ai.provider.name"
_AGENT_ID = "gen_ai.agent.id"
_AGENT_NAME = "gen_ai.agent.name"
_CONVERSATION = "gen_ai.conversation.id"
_MODEL = "gen_ai.request.model"
_INPUT_TOKENS = "gen_ai.usage.input_tokens"
_OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
_TOOL_NAME = "gen_ai.tool.name"
_TOOL_CALL = "gen_ai.tool.call.id"
_TOOL_TYPE = "gen_ai.tool.type"

_METHOD = "http.request.method"
_STATUS = "http.response.status_code"
_PATH = "url.path"
_TEMPLATE = "url.template"
_SERVER = "server.address"
_PORT = "server.port"
_CASE = "test.case.name"
_CASE_STATUS = "test.case.result.status"

_REQUEST_ID = "asstctl.request_id"
_TARGET = "asstctl.target"
_ADDRESS = "asstctl.address"
_ACTION = "asstctl.action"
_OUTCOME = "asstctl.outcome"
_TURN = "asstctl.turn"
_EXIT_CODE = "process.exit.code"

ERROR = "error.type"
"""Of a span that ended in an error: the code of one of ours, the name of any other."""

_WORDS = frozenset(
    {
        *("assistants", "threads", "messages", "runs", "steps", "submit_tool_outputs", "cancel"),
        *("agents", "sessions", "turns", "items", "events"),
        *("files", "content", "vector_stores", "search", "models", "chat", "completions", "embeddings"),
    }
)
"""What stands in the paths of our wires beside ids."""

_NUMBERED = re.compile(r"\d+|[0-9a-f]{40}")


def command(name: str) -> Begun:
    """A whole command: the root of what it does."""
    return Begun(f"asstctl {name}", {"asstctl.command": name})


def ended(exit_code: int) -> Attributes:
    """How a command ended."""
    return {_EXIT_CODE: exit_code}


def reading(target: str, provider: str) -> Begun:
    """Finding out what is live."""
    return Begun(f"read {target}", {_TARGET: target, _PROVIDER: provider})


def planning(target: str, provider: str) -> Begun:
    """Deciding what to do about it."""
    return Begun(f"plan {target}", {_TARGET: target, _PROVIDER: provider})


def change(address: Address, action: Action, provider: str, model: object = None) -> Begun:
    """One change that is carried out. Creating an assistant is an operation that has a name of its own."""
    attributes: Attributes = {_ADDRESS: str(address), _ACTION: action.value, _PROVIDER: provider}
    if address.kind != "assistant":
        return Begun(f"{action} {address}", attributes)
    attributes = {**attributes, _AGENT_NAME: address.key, _MODEL: model if isinstance(model, str) else None}
    if action is Action.CREATE:
        return Begun(f"create_agent {address.key}", {_OPERATION: "create_agent", **attributes}, remote=True)
    return Begun(f"{action} {address}", attributes, remote=True)


def changed(address: Address, outcome: str, remote_id: str | None) -> Attributes:
    """What became of a change."""
    return {_OUTCOME: outcome, _AGENT_ID: remote_id if address.kind == "assistant" else None}


def filing(address: Address) -> Begun:
    """The files of a store, brought into it and out of it."""
    return Begun(f"files {address}", {_ADDRESS: str(address)})


def request(method: str, path: str, host: str, port: int | None) -> Begun:
    """One HTTP request, until its answer begins. Ids are no part of its name: each would make it another."""
    template = template_of(path)
    attributes: Attributes = {_METHOD: method, _PATH: path, _TEMPLATE: template, _SERVER: host, _PORT: port}
    return Begun(f"{method} {template}", attributes, remote=True)


def template_of(path: str) -> str:
    """A path with `{id}` for numbers and commits, and for what behind its first collection is no word of a wire."""
    parts = path.split("/")
    first = next((number for number, part in enumerate(parts) if part in _WORDS), len(parts))
    named = ("{id}" if _NUMBERED.fullmatch(part) else part for part in parts[:first])
    return "/".join((*named, *(part if part in _WORDS else "{id}" for part in parts[first:])))


def answered(exchange: Exchange) -> Attributes:
    """How a request was answered."""
    return {_STATUS: exchange.status, _REQUEST_ID: exchange.request_id}


def conversation(assistant: str, case: str, agent: str, provider: str) -> Begun:
    """One playing of a conversation, from its thread to its verdict."""
    held = {_CASE: f"{assistant}/{case}", _PROVIDER: provider, _AGENT_NAME: assistant, _AGENT_ID: agent}
    return Begun(f"conversation {assistant}/{case}", held)


def had(thread: str, status: str) -> Attributes:
    """On which thread, and how it ended: `pass`, `fail`, or the word that we have for what is neither."""
    word = {"passed": "pass", "failed": "fail"}.get(status, status)
    return {_CONVERSATION: thread or None, _CASE_STATUS: word}


def turn(assistant: str, agent: str, provider: str, thread: str, number: int | None = None) -> Begun:
    """One turn: what the user says, until the assistant has answered and was judged."""
    attributes: Attributes = {
        _OPERATION: "invoke_agent",
        _PROVIDER: provider,
        _AGENT_NAME: assistant,
        _AGENT_ID: agent,
        _CONVERSATION: thread or None,
        _TURN: number,
    }
    return Begun(f"invoke_agent {assistant}", attributes, remote=True)


def on_thread(thread: str) -> Attributes:
    """The thread of a turn that made it."""
    return {_CONVERSATION: thread or None}


def replied(model: str, usage: Usage | None) -> Attributes:
    """What a turn took, as far as the provider says it."""
    return {
        _MODEL: model or None,
        _INPUT_TOKENS: usage.prompt_tokens if usage else None,
        _OUTPUT_TOKENS: usage.completion_tokens if usage else None,
    }


def tool(name: str, call: str) -> Begun:
    """A call that is answered by us."""
    attributes: Attributes = {_OPERATION: "execute_tool", _TOOL_NAME: name, _TOOL_CALL: call, _TOOL_TYPE: "function"}
    return Begun(f"execute_tool {name}", attributes)
