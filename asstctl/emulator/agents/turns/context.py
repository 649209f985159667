"""What the model of a turn is given in one call: instructions, what was said, tools, and what came of this turn so far.

A turn consists of rounds, each a call of the model with what the model asked for. What a user says while a round goes
on is heard by the next; a round that ended in nothing but text is said, and the rounds before it are behind the turn.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from asstctl.emulator.agents.objects.session import ITEM
from asstctl.emulator.agents.turns.items import output_text
from asstctl.emulator.replies.tokens import estimate
from asstctl.emulator.replies.values import CallMade, CodeRan, Image, ReplyRequest, Round, Said
from asstctl.emulator.runs.history import NEWEST, OVERHEAD, WINDOW
from asstctl.emulator.store import Body, Store

Json = Any

LOOKED_THROUGH = 2000
"""Items before a turn that are looked through for what was said."""

COMMENTARY, FINAL = "commentary", "final_answer"

_HOSTED = "openai_hosted"


def build_request(store: Store, session: Body, turn: Body) -> ReplyRequest:
    """The request for the next call of the model in a turn."""
    agent = session["agent"]
    said, rounds = _of_turn(store.all(ITEM, turn_id=turn["id"]))
    return ReplyRequest(
        assistant_id=agent["id"],
        assistant_name=agent["name"],
        model=agent["model"],
        instructions=agent["instructions"],
        messages=(*_said_before(store, session["id"], turn["id"]), *said),
        turn=session["_said"],
        tools=tuple(_tools(session)),
        reasoning_effort=agent["reasoning"]["effort"],
        response_format=_format(agent["text"]["format"]),
        rounds=tuple(rounds),
    )


def was_steered(store: Store, turn: Body) -> bool:
    """Whether a user has said something that the round which has just ended could not hear."""
    sql = (
        "SELECT 1 FROM agent_items WHERE turn_id = ? AND json_extract(body, '$.role') = 'user' "
        "AND json_extract(body, '$._round') >= ?"
    )
    return store.connection.execute(sql, (turn["id"], turn["_round"])).fetchone() is not None


def _of_turn(items: Sequence[Body]) -> tuple[list[Said], list[Round]]:
    """What was said in a turn, and its rounds since the last one that was nothing but text."""
    outputs = {item["call_id"]: item for item in items if item["type"] == "function_call_output"}
    said: list[Said] = []
    rounds: list[Round] = []
    numbers = sorted({item["_round"] for item in items})
    for number in numbers:
        own = [item for item in items if item["_round"] == number]
        messages = [item for item in own if item["type"] == "message"]
        by_user = [item for item in messages if item["role"] == "user"]
        by_agent = [item for item in messages if item["role"] == "assistant"]
        calls = tuple(_calls(own, outputs))
        if calls:
            rounds.append(Round("".join(_text(item) for item in by_agent), calls))
        elif by_agent:
            said += map(_said, by_agent)
            rounds.clear()
        # Heard after what the model of this round had to say.
        said += map(_said, by_user)
    return said, rounds


def _calls(items: Iterable[Body], outputs: dict[str, Body]) -> Iterator[CallMade | CodeRan]:
    for item in items:
        if item["type"] == "command_execution":
            yield CodeRan(item["id"], item["command"], item["output"] or "", item["status"] == "failed")
        elif item["type"] == "function_call" and item["call_id"] in outputs:
            yield CallMade(item["call_id"], item["name"], item["_asked"], output_text(outputs[item["call_id"]]))


def _said_before(store: Store, session_id: str, turn_id: str) -> list[Said]:
    """The newest of what was said before a turn, as much as a context window holds and no more than that read."""
    sql = "SELECT body FROM agent_items WHERE session_id = ? AND turn_id <> ? ORDER BY seq DESC LIMIT ?"
    kept: list[Said] = []
    tokens = 0
    # One by one, since each may be as large as a request.
    with closing(store.connection.execute(sql, (session_id, turn_id, LOOKED_THROUGH))) as rows:
        for (text,) in rows:
            item = json.loads(text)
            if item["type"] != "message":
                continue
            said = _said(item)
            tokens += estimate(said.text) + OVERHEAD
            if kept and (tokens > WINDOW or len(kept) == NEWEST):
                break
            kept.append(said)
    return kept[::-1]


def _said(item: Body) -> Said:
    images = tuple(Image(url=part["image_url"]) for part in item["content"] if part["type"] == "input_image")
    return Said(item["role"], _text(item), images)


def _text(item: Body) -> str:
    return "\n".join(part["text"] for part in item["content"] if part["type"] in ("input_text", "output_text"))


def _tools(session: Body) -> Iterator[Json]:
    """As the backends know tools: functions nested, and code wherever there is an environment to run it in.

    The service's other tools need somebody on the other side whom this server has not.
    """
    for tool in session["agent"]["tools"]:
        if tool["type"] == "function":
            function = {name: tool[name] for name in ("name", "description", "parameters")}
            yield {"type": "function", "function": {**function, "strict": False}}
    if session["environment"]["type"] == _HOSTED:
        yield {"type": "code_interpreter"}


def _format(text_format: Json) -> Json:
    if text_format["type"] == "text":
        return "auto"
    return {"type": "json_schema", "json_schema": {"name": "reply", "schema": text_format["schema"]}}
