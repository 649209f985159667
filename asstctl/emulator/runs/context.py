"""What the model of a run is given, read from the store: instructions, truncated history, tools, earlier rounds."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from asstctl.emulator.objects import MESSAGE, STEP
from asstctl.emulator.objects.message import message_text
from asstctl.emulator.replies.tokens import estimate
from asstctl.emulator.replies.values import CallMade, ReplyRequest, Round, Said
from asstctl.emulator.runs.states import total_usage
from asstctl.emulator.store import Body, Store

Json = Any


def build_request(store: Store, run: Body) -> ReplyRequest:
    """The request for the next turn of the model in a run."""
    thread = store.all(MESSAGE, thread_id=run["thread_id"])
    messages = [Said(message["role"], message_text(message)) for message in thread if message["run_id"] != run["id"]]
    own = {message["id"]: message_text(message) for message in thread if message["run_id"] == run["id"]}
    steps = store.all(STEP, run_id=run["id"])
    rounds = tuple(_rounds(steps, own))
    request = ReplyRequest(
        assistant_id=run["assistant_id"],
        assistant_name=run["_assistant_name"],
        model=run["model"],
        instructions=run["instructions"],
        messages=tuple(_truncated(messages, run["truncation_strategy"])),
        turn=sum(said.role == "user" for said in messages),
        tools=() if run["tool_choice"] == "none" else tuple(run["tools"]),
        # Only the first turn is forced; afterwards the model answers freely.
        tool_choice="auto" if rounds else run["tool_choice"],
        parallel_tool_calls=run["parallel_tool_calls"],
        temperature=run["temperature"],
        top_p=run["top_p"],
        reasoning_effort=run["reasoning_effort"],
        response_format=run["response_format"],
        max_completion_tokens=_left(run["max_completion_tokens"], steps),
        rounds=rounds,
    )
    return request if run["max_prompt_tokens"] is None else _fitted(request, run["max_prompt_tokens"])


def prompt_tokens(request: ReplyRequest) -> int:
    texts = [request.instructions or "", *(said.text for said in request.messages)]
    for earlier in request.rounds:
        texts.append(earlier.text)
        for call in earlier.calls:
            texts += (call.function, call.arguments, call.output)
    return sum(map(estimate, texts))


def _rounds(steps: list[Body], texts: dict[str, str]) -> Iterator[Round]:
    text = ""
    for step in steps:
        details = step["step_details"]
        if details["type"] == "message_creation":
            text = texts.get(details["message_creation"]["message_id"], "")
            continue
        calls = tuple(
            CallMade(
                call["id"],
                call["function"]["name"],
                call["function"]["arguments"],
                call["function"]["output"] or "",
            )
            for call in details["tool_calls"]
        )
        yield Round(text, calls)
        text = ""


def _left(budget: int | None, steps: list[Body]) -> int | None:
    if budget is None:
        return None
    spent: int = total_usage(steps)["completion_tokens"]
    return max(1, budget - spent)


def _truncated(messages: list[Said], strategy: Json) -> list[Said]:
    if strategy["type"] == "last_messages" and strategy["last_messages"]:
        return messages[-strategy["last_messages"] :]
    return messages


def _fitted(request: ReplyRequest, budget: int) -> ReplyRequest:
    """With the middle of the history dropped until it fits; the first and the last message stay."""
    messages = list(request.messages)
    while len(messages) > 2 and prompt_tokens(request) > budget:
        del messages[len(messages) // 2]
        request = replace(request, messages=tuple(messages))
    return request
