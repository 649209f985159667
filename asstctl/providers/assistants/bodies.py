"""Bodies of the requests that make threads, messages and runs of the Assistants v2 wire. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from asstctl.core.thread import Attached, Image, RunOptions, Said, Tool, ToolOutput

FIRST_MESSAGES = 32
"""How many messages a thread can be made with; more are posted to it."""

OVERRIDES = frozenset(
    {
        "model",
        "temperature",
        "top_p",
        "max_prompt_tokens",
        "max_completion_tokens",
        "additional_instructions",
        "tool_choice",
    }
)
"""Fields of a run that `RunOptions.overrides` may name."""


def thread_body(
    messages: Sequence[Said], metadata: Mapping[str, str] | None, resources: Mapping[str, Any]
) -> dict[str, Any]:
    """The body that makes a thread with its first messages."""
    body: dict[str, Any] = {}
    if messages:
        body["messages"] = [message_body(said) for said in messages]
    if resources:
        body["tool_resources"] = dict(resources)
    if metadata:
        body["metadata"] = dict(metadata)
    return body


def resources_body(files: Sequence[Attached], search: Mapping[str, Any]) -> dict[str, Any]:
    """What the tools of a thread read: files for the code interpreter, and what `file_search` is given."""
    body: dict[str, Any] = {}
    if code := _for(Tool.CODE_INTERPRETER, files):
        body["code_interpreter"] = {"file_ids": code}
    if search:
        body["file_search"] = dict(search)
    return body


def store_body(files: Sequence[Attached], metadata: Mapping[str, str] | None) -> dict[str, Any]:
    """A vector store that holds those of the files that are searched."""
    body: dict[str, Any] = {"file_ids": searched} if (searched := _for(Tool.FILE_SEARCH, files)) else {}
    return {**body, "metadata": dict(metadata)} if metadata else body


def is_searched(files: Iterable[Attached]) -> bool:
    """Whether any of them is for `file_search`, which needs a store."""
    return any(Tool.FILE_SEARCH in one.tools for one in files)


def message_body(said: Said) -> dict[str, Any]:
    """One message: plain text as such, else parts."""
    body: dict[str, Any] = {"role": said.role, "content": said.text}
    if said.images:
        text = [{"type": "text", "text": said.text}] if said.text else []
        body["content"] = [*text, *(_image_part(image) for image in said.images)]
    if said.attachments:
        body["attachments"] = [
            {"file_id": one.file, "tools": [{"type": tool.value} for tool in one.tools]} for one in said.attachments
        ]
    return body


def run_body(assistant: str, options: RunOptions) -> dict[str, Any]:
    """The body that starts a run. Raises ValueError for an override that is none of `OVERRIDES`."""
    if unknown := options.overrides.keys() - OVERRIDES:
        raise ValueError(f"a run has no such override: {', '.join(sorted(unknown))}")
    return {"assistant_id": assistant, **options.overrides}


def outputs_body(outputs: Iterable[ToolOutput]) -> dict[str, Any]:
    """The body that answers calls."""
    return {"tool_outputs": [{"tool_call_id": one.call_id, "output": one.output} for one in outputs]}


def _for(tool: Tool, files: Iterable[Attached]) -> list[str]:
    return [one.file for one in files if tool in one.tools]


def _image_part(image: Image) -> dict[str, Any]:
    kind, shown = ("image_file", {"file_id": image.file}) if image.file else ("image_url", {"url": image.url})
    return {"type": kind, kind: {**shown, "detail": image.detail} if image.detail else shown}
