"""What the model of a run is given in one turn: instructions, history, tools, and what happened in this run so far."""

from collections.abc import Iterator
from dataclasses import replace

from asstctl.emulator.objects import MESSAGE, RUN, STEP
from asstctl.emulator.objects.message import message_text
from asstctl.emulator.replies.tokens import estimate
from asstctl.emulator.replies.values import CallMade, CodeRan, FilesSearched, ReplyRequest, Round, Said
from asstctl.emulator.runs.history import History
from asstctl.emulator.runs.states import total_usage
from asstctl.emulator.runs.tool_calls import results_of
from asstctl.emulator.store import Body, Store


class BudgetSpent(Exception):
    """The run has no tokens left for another turn; `reason` says of which kind, in the words of the wire."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def build_request(store: Store, run: Body, history: History) -> ReplyRequest:
    """The request for the next turn of the model in a run, or `BudgetSpent`: a run's budgets are for all its turns."""
    steps = store.all(STEP, run_id=run["id"])
    used = total_usage(steps)
    completion = _left(run["max_completion_tokens"], used["completion_tokens"])
    if completion is not None and completion <= 0:
        raise BudgetSpent("max_completion_tokens")
    rounds = tuple(_rounds(store, run, steps))
    request = ReplyRequest(
        assistant_id=run["assistant_id"],
        assistant_name=store.notes(RUN, run["id"])["assistant_name"],
        model=run["model"],
        instructions=run["instructions"],
        messages=history.messages,
        turn=history.turn,
        tools=() if run["tool_choice"] == "none" else tuple(run["tools"]),
        # Only the first turn is forced; afterwards the model answers freely.
        tool_choice="auto" if rounds else run["tool_choice"],
        parallel_tool_calls=run["parallel_tool_calls"],
        temperature=run["temperature"],
        top_p=run["top_p"],
        reasoning_effort=run["reasoning_effort"],
        response_format=run["response_format"],
        max_completion_tokens=completion,
        rounds=rounds,
    )
    prompt = _left(run["max_prompt_tokens"], used["prompt_tokens"])
    return request if prompt is None else _fitted(request, prompt)


def prompt_tokens(request: ReplyRequest) -> int:
    texts = [request.instructions or "", *(said.text for said in request.messages)]
    for earlier in request.rounds:
        texts.append(earlier.text)
        for call in earlier.calls:
            texts += _texts(call)
    return sum(map(estimate, texts))


def _texts(call: CallMade | CodeRan | FilesSearched) -> tuple[str, ...]:
    match call:
        case CallMade():
            return (call.function, call.arguments, call.output)
        case CodeRan():
            return (call.code, call.logs)
        case FilesSearched():
            return (call.query, *(passage.text for passage in call.passages))


def _rounds(store: Store, run: Body, steps: list[Body]) -> Iterator[Round]:
    if not steps:
        return
    texts = {message["id"]: message_text(message) for message in store.all(MESSAGE, run_id=run["id"])}
    text = ""
    for step in steps:
        details = step["step_details"]
        if details["type"] == "message_creation":
            text = texts.get(details["message_creation"]["message_id"], "")
            continue
        yield Round(text, results_of(step, store.notes(STEP, step["id"])))
        text = ""


def _left(budget: int | None, used: int) -> int | None:
    return None if budget is None else budget - used


def _fitted(request: ReplyRequest, budget: int) -> ReplyRequest:
    """With the middle of the history dropped until it fits; the first and the last message stay."""
    if prompt_tokens(request) <= budget:
        return request
    first, middle, last = request.messages[:1], request.messages[1:-1], request.messages[1:][-1:]
    room = budget - prompt_tokens(replace(request, messages=first + last))
    if room < 0:
        raise BudgetSpent("max_prompt_tokens")
    kept: list[Said] = []
    for said in reversed(middle):
        room -= estimate(said.text)
        if room < 0:
            break
        kept.append(said)
    return replace(request, messages=(*first, *reversed(kept), *last))
