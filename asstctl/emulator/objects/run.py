"""The run, and the parameters of the requests that start it and answer its tool calls."""

from typing import Any

from asstctl.emulator import refusals
from asstctl.emulator.objects.base import IDENTITY, Collection, Field
from asstctl.emulator.objects.message import POSTED
from asstctl.emulator.objects.model import Model
from asstctl.emulator.objects.shared import (
    EFFORTS,
    METADATA,
    RESPONSE_FORMAT,
    TEMPERATURE,
    TOOL,
    TOP_P,
    resources,
)
from asstctl.emulator.objects.thread import NEW_THREAD
from asstctl.emulator.shapes import (
    Array,
    Choice,
    Either,
    Flag,
    Member,
    Null,
    Record,
    Rules,
    Shape,
    Text,
    Variants,
    Whole,
)

Json = Any

_STARTS = ("create", "create_with_thread")
_STRATEGY = Record(
    (
        Member("type", Choice(("auto", "last_messages")), required=True),
        Member("last_messages", Whole(1), default=None, null=Null.KEPT),
    )
)


class _Truncation(Shape):
    """How much of the thread a run reads: whoever counts messages says how many."""

    expected = _STRATEGY.expected

    def read(self, value: Json, path: str, rules: Rules) -> Json:
        read = _STRATEGY.read(value, path, rules)
        if read["type"] == "last_messages" and read["last_messages"] is None and not rules.lenient:
            raise refusals.missing(f"{path}.last_messages")
        return read


_TOOL_CHOICE = Either(
    Choice(("none", "auto", "required")),
    Variants(
        {
            "function": Record((Member("function", Record((Member("name", Text(), required=True),)), required=True),)),
            "code_interpreter": Record(()),
            "file_search": Record(()),
        }
    ),
)
_OUTPUT = Record((Member("tool_call_id", Text()), Member("output", Text(), null=Null.IGNORED)))

# Null in a request means "take the assistant's" (or the default), so it is read as if nothing had been said.
RUN = Collection(
    noun="run",
    prefix="run_",
    object="thread.run",
    table="runs",
    columns=("thread_id", "status", "expires_at"),
    id_param="run_id",
    fields=(
        *IDENTITY,
        Field("assistant_id", Text(), takes=_STARTS, required=_STARTS),
        Field("thread_id"),
        Field("status", default="queued"),
        Field("started_at"),
        Field("expires_at"),
        Field("cancelled_at"),
        Field("failed_at"),
        Field("completed_at"),
        Field("required_action"),
        Field("last_error"),
        Field("model", Model(), takes=_STARTS, null=Null.IGNORED),
        Field("instructions", Text(256_000), takes=_STARTS, null=Null.IGNORED),
        Field("tools", Array(TOOL, 20), default=[], takes=_STARTS, null=Null.IGNORED),
        Field(
            "tool_resources",
            resources(with_stores=False),
            default={},
            takes=("create_with_thread",),
            null=Null.IGNORED,
        ),
        Field("metadata", METADATA, default={}, takes=(*_STARTS, "modify"), null=Null.DEFAULT),
        Field("temperature", TEMPERATURE, default=1.0, takes=_STARTS, null=Null.IGNORED),
        Field("top_p", TOP_P, default=1.0, takes=_STARTS, null=Null.IGNORED),
        Field("reasoning_effort", EFFORTS, takes=("create",), null=Null.IGNORED),
        # The document says at least 256; recordings show 16 accepted.
        Field("max_completion_tokens", Whole(1), takes=_STARTS, null=Null.IGNORED),
        Field("max_prompt_tokens", Whole(1), takes=_STARTS, null=Null.IGNORED),
        Field(
            "truncation_strategy",
            _Truncation(),
            default={"type": "auto", "last_messages": None},
            takes=_STARTS,
            null=Null.IGNORED,
        ),
        Field("incomplete_details"),
        Field("usage"),
        Field("response_format", RESPONSE_FORMAT, default="auto", takes=_STARTS, null=Null.IGNORED),
        Field("tool_choice", _TOOL_CHOICE, default="auto", takes=_STARTS, null=Null.IGNORED),
        Field("parallel_tool_calls", Flag(), default=True, takes=_STARTS, null=Null.IGNORED),
        Field("additional_instructions", Text(256_000), takes=("create",), null=Null.IGNORED, shown=False),
        Field("additional_messages", Array(POSTED), takes=("create",), null=Null.IGNORED, shown=False),
        Field("thread", NEW_THREAD, takes=("create_with_thread",), null=Null.IGNORED, shown=False),
        Field(
            "tool_outputs",
            Array(_OUTPUT),
            takes=("submit_tool_outputs",),
            required=("submit_tool_outputs",),
            shown=False,
        ),
        Field("stream", Flag(), takes=(*_STARTS, "submit_tool_outputs"), null=Null.IGNORED, shown=False),
    ),
)
