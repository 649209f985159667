"""What a chat-completions endpoint is sent: a run's history, its pictures, and its tools as functions.

The tools of this server are offered as functions of its own, and what came of them is told as their outputs.
"""

import asyncio
import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asstctl.emulator.replies.values import (
    CallMade,
    CodeRan,
    FilesSearched,
    Image,
    ReplyFailed,
    ReplyRequest,
    Said,
)

Json = Any

MAX_IMAGES = 20 * 1024 * 1024
"""Bytes of all pictures of one request that are sent along with it."""


MODULES = (
    "asyncio base64 bisect collections copy csv dataclasses datetime decimal functools hashlib itertools json math os "
    "pathlib random re sys time typing unicodedata"
)
"""What code can import in the sandbox."""


@dataclass(frozen=True, slots=True)
class _Tool:
    description: str
    argument: str
    """Its one argument, a text."""
    about: str


_TOOLS = {
    "code_interpreter": _Tool(
        "Run Python code and get what it prints, the value of its last expression, and its traceback if it fails. "
        "Variables are kept from call to call. The user's files are in /mnt/data and can only be read. "
        "It is a subset of Python: no numpy, no pandas, no network, no classes that inherit, no generators with yield. "
        f"The modules are {MODULES.replace(' ', ', ')}.",
        "code",
        "The Python code.",
    ),
    "file_search": _Tool(
        "Search the user's files and get the passages that fit best, each with its marker. "
        "Use it whenever the files may hold the answer. Cite a passage by repeating its marker exactly.",
        "query",
        "What to look for, in words that the files may use.",
    ),
}


async def request_body(request: ReplyRequest, model: str) -> dict[str, Json]:
    pictures = await asyncio.to_thread(_pictures, request) if any(said.images for said in request.messages) else {}
    body: dict[str, Json] = {
        "model": model,
        "messages": _messages(request, pictures),
        "temperature": request.temperature,
        "top_p": request.top_p,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    tools = [{"type": "function", "function": dict(function)} for function in request.functions.values()]
    tools += [_as_function(tool, name) for tool, name in names_of_tools(request).items()]
    if tools:
        body["tools"] = tools
        body["parallel_tool_calls"] = request.parallel_tool_calls
        body["tool_choice"] = _tool_choice(request)
    if request.response_format != "auto":
        body["response_format"] = request.response_format
    if request.max_completion_tokens is not None:
        body["max_tokens"] = request.max_completion_tokens
    if request.reasoning_effort is not None:
        body["reasoning_effort"] = request.reasoning_effort
    return body


def names_of_tools(request: ReplyRequest) -> dict[str, str]:
    """The tools of this server that the run has, and the names that they go by out there."""
    return {tool: _free_name(tool, request) for tool in _TOOLS if request.has_tool(tool)}


def _free_name(tool: str, request: ReplyRequest) -> str:
    name = tool
    while name in request.functions:
        name += "_"
    return name


def argument_of(tool: str) -> str:
    return _TOOLS[tool].argument


def _as_function(tool: str, name: str) -> Json:
    known = _TOOLS[tool]
    parameters = {
        "type": "object",
        "properties": {known.argument: {"type": "string", "description": known.about}},
        "required": [known.argument],
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": name, "description": known.description, "parameters": parameters}}


def _tool_choice(request: ReplyRequest) -> Json:
    choice = request.tool_choice
    if isinstance(choice, str) or choice["type"] == "function":
        return choice
    return {"type": "function", "function": {"name": _free_name(choice["type"], request)}}


def _messages(request: ReplyRequest, pictures: dict[Path, str]) -> list[Json]:
    messages: list[Json] = []
    if request.instructions:
        messages.append({"role": "system", "content": request.instructions})
    messages += [{"role": said.role, "content": _content(said, pictures)} for said in request.messages]
    for earlier in request.rounds:
        calls = [_call(call, request) for call in earlier.calls]
        messages.append({"role": "assistant", "content": earlier.text or None, "tool_calls": calls})
        messages += [{"role": "tool", "tool_call_id": call.call_id, "content": _output(call)} for call in earlier.calls]
    return messages


def _content(said: Said, pictures: dict[Path, str]) -> Json:
    # A picture is what a user shows; endpoints refuse those of an assistant.
    if not said.images or said.role != "user":
        return said.text
    text = [{"type": "text", "text": said.text}] if said.text else []
    return text + [{"type": "image_url", "image_url": _image(image, pictures)} for image in said.images]


def _image(image: Image, pictures: dict[Path, str]) -> Json:
    url = image.url if image.path is None else f"data:{image.media_type or 'image/png'};base64,{pictures[image.path]}"
    return {"url": url, "detail": image.detail}


def _pictures(request: ReplyRequest) -> dict[Path, str]:
    """The files of the pictures in base64, read in a thread."""
    read: dict[Path, str] = {}
    room = MAX_IMAGES
    for image in (image for said in request.messages if said.role == "user" for image in said.images):
        if image.path is None or image.path in read:
            continue
        try:
            with image.path.open("rb") as file:
                data = file.read(room + 1)
        except OSError as error:
            raise ReplyFailed("A picture of this thread cannot be read.", "invalid_prompt") from error
        room -= len(data)
        if room < 0:
            text = f"The pictures of this thread are larger than {MAX_IMAGES // 1024**2} MiB."
            raise ReplyFailed(text, "invalid_prompt")
        read[image.path] = base64.b64encode(data).decode()
    return read


def _call(call: CallMade | CodeRan | FilesSearched, request: ReplyRequest) -> Json:
    match call:
        case CallMade():
            function = {"name": call.function, "arguments": call.arguments}
        case CodeRan():
            function = _served("code_interpreter", call.code, request)
        case FilesSearched():
            function = _served("file_search", call.query, request)
    return {"id": call.call_id, "type": "function", "function": function}


def _served(tool: str, value: str, request: ReplyRequest) -> dict[str, str]:
    arguments = json.dumps({argument_of(tool): value}, ensure_ascii=False)
    return {"name": _free_name(tool, request), "arguments": arguments}


def _output(call: CallMade | CodeRan | FilesSearched) -> str:
    match call:
        case CallMade():
            return call.output
        case CodeRan():
            return call.logs or "The code printed nothing."
        case FilesSearched():
            if not call.passages:
                return "Nothing was found."
            head = f"Cite a passage by repeating its marker, such as {call.passages[0].marker}, after what it supports."
            found = [f"{passage.marker} {passage.filename}\n{passage.text}" for passage in call.passages]
            return "\n\n".join([head, *found])
