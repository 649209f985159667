"""Sessions: create, list, get, update, delete; their events, turns and items."""

import re
from typing import Any

from starlette.responses import Response

from asstctl.emulator.agents import refusals
from asstctl.emulator.agents.listing import listing, read_page
from asstctl.emulator.agents.objects.input import EVENTS, MAX_KEY
from asstctl.emulator.agents.objects.session import CHANGES, ITEM, SESSION, TURN, session_agent, show_session, show_turn
from asstctl.emulator.agents.turns.events import CLOSING
from asstctl.emulator.agents.turns.intake import Intake
from asstctl.emulator.agents.turns.items import shown_item
from asstctl.emulator.agents.turns.opening import open_session
from asstctl.emulator.agents.turns.settling import settle_all, settle_session
from asstctl.emulator.agents.turns.states import OVER, is_busy, relimited
from asstctl.emulator.agents.turns.streaming import SessionStream
from asstctl.emulator.calls import POLL_AFTER, Call, answer, page_answer, polled_answer
from asstctl.emulator.refusals import property_name_too_long, too_many_properties
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

Json = Any

_PAIR = re.compile(r"metadata\[(.*)\]", re.DOTALL)
_MAX_PAIRS, _MAX_NAME = 16, 64


def enter_session(call: Call) -> Body:
    """The session in the path, with whatever was due on it settled. Every route below a session begins here."""
    settle_session(call.services, call.path[SESSION.id_param])
    return enter_again(call)


def enter_again(call: Call) -> Body:
    """The session as it is under the lock of a transaction."""
    session = call.services.store.find(SESSION, call.path[SESSION.id_param])
    if session is None:
        raise refusals.not_found()
    return session


async def create_session(call: Call) -> Response:
    services = call.services
    given = call.given(SESSION, "create")
    if "stream_options" in given and not given.get("stream"):
        raise refusals.only_streamed("stream_options")
    with services.store.write():
        intake = open_session(services, given, call.now())
    session = intake.session
    if given.get("stream"):
        padded = given.get("stream_options", {"include_obfuscation": True})["include_obfuscation"]
        return SessionStream(services, session["id"], intake.carry_out, status=201, once=True, obfuscated=padded)
    intake.carry_out()
    return _answer(services, session, 201)


async def list_sessions(call: Call) -> Response:
    services = call.services
    settle_all(services)
    agent_id = call.query("agent_id")
    where: dict[str, Json] = {} if agent_id is None else {"agent_id": agent_id}
    return listing(call, SESSION, lambda session: show_session(services, session), tagged=_tags(call), **where)


async def read_session(call: Call) -> Response:
    return _answer(call.services, enter_session(call))


async def update_session(call: Call) -> Response:
    """What changes of the agent holds from the next call of its model on."""
    services = call.services
    enter_session(call)
    given = CHANGES.read(call.body, "", services.rules)
    if not given:
        raise refusals.nothing_to_change()
    with services.store.write():
        session = enter_again(call)
        changes = given.pop("agent", {})
        agent = {**session["agent"], **changes}
        if "reasoning" in changes:
            effort = changes["reasoning"].get("effort", session["agent"]["reasoning"]["effort"])
            agent["reasoning"] = {**session["agent"]["reasoning"], "effort": effort or services.quirks.reasoning_effort}
        session = relimited({**session, **given, "agent": session_agent(agent)})
        services.store.replace(SESSION, session)
    return _answer(services, session)


async def delete_session(call: Call) -> Response:
    """Of one that is at rest. A second time is as good as the first."""
    session_id, store = call.path[SESSION.id_param], call.services.store
    settle_session(call.services, session_id)
    with store.write():
        session = store.find(SESSION, session_id)
        if session is None and not store.was_removed(SESSION, session_id):
            raise refusals.not_found()
        if session is not None and is_busy(session):
            raise refusals.conflict(f"The session {session_id} has a turn that is not over. Cancel it first.")
        store.remove(SESSION, session_id)
    call.services.executor.announcements.tell(session_id, [CLOSING])
    return answer(SESSION.deleted(session_id))


async def create_events(call: Call) -> Response:
    services = call.services
    enter_session(call)
    given = EVENTS.read(call.body, "", services.rules)["events"]
    key = call.request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= MAX_KEY:
        raise refusals.idempotency_key(MAX_KEY)
    with services.store.write():
        intake = Intake(services, enter_again(call))
        intake.take(given, key)
    intake.carry_out()
    return Response(status_code=202, headers=POLL_AFTER)


async def stream_events(call: Call) -> Response:
    session = enter_session(call)
    padded = call.query("include_obfuscation") != "false"
    return SessionStream(call.services, session["id"], lambda: None, obfuscated=padded)


async def list_items(call: Call) -> Response:
    return listing(call, ITEM, shown_item, lost=refusals.unknown_cursor, session_id=enter_session(call)["id"])


async def list_turns(call: Call) -> Response:
    services = call.services
    session_id = enter_session(call)["id"]
    return listing(call, TURN, lambda turn: show_turn(services, turn), clamped=False, session_id=session_id)


async def read_turn(call: Call) -> Response:
    turn = _turn(call)
    return polled_answer(show_turn(call.services, turn), active=turn["status"] not in OVER)


async def list_items_of_turn(call: Call) -> Response:
    return listing(call, ITEM, shown_item, lost=refusals.unknown_cursor, turn_id=_turn(call)["id"])


async def list_nothing(call: Call) -> Response:
    """What belongs to a session and never comes to be here: subagents and artifacts."""
    enter_session(call)
    if read_page(call.request.query_params, clamped=False).after is not None:
        raise refusals.unknown_cursor()
    return page_answer(SESSION, [], has_more=False)


def _turn(call: Call) -> Body:
    session = enter_session(call)
    turn = call.services.store.find(TURN, call.path[TURN.id_param], session_id=session["id"])
    if turn is None:
        raise refusals.not_found()
    return turn


def _answer(services: Services, session: Body, status: int = 200) -> Response:
    response = polled_answer(show_session(services, session), active=session["status"] == "in_progress")
    response.status_code = status
    return response


def _tags(call: Call) -> dict[str, str]:
    """The pairs `metadata[KEY]=VALUE` of a query, all of which must match."""
    pairs: dict[str, str] = {}
    for name, value in call.request.query_params.multi_items():
        found = _PAIR.fullmatch(name)
        if found is None:
            continue
        if found[1] in pairs:
            raise refusals.unreadable_query(f"duplicate field `{name}`")
        pairs[found[1]] = value
    if len(pairs) > _MAX_PAIRS:
        raise too_many_properties("metadata", _MAX_PAIRS, len(pairs))
    for key in pairs:
        if not 1 <= len(key) <= _MAX_NAME:
            raise property_name_too_long("metadata", _MAX_NAME, len(key))
    return pairs


_SESSIONS = "/v1/agents/sessions"
_SESSION = f"{_SESSIONS}/{{session_id}}"

ROUTES = {
    ("POST", _SESSIONS): create_session,
    ("GET", _SESSIONS): list_sessions,
    ("GET", _SESSION): read_session,
    ("POST", _SESSION): update_session,
    ("DELETE", _SESSION): delete_session,
    ("POST", f"{_SESSION}/events"): create_events,
    ("GET", f"{_SESSION}/events"): stream_events,
    ("GET", f"{_SESSION}/items"): list_items,
    ("GET", f"{_SESSION}/turns"): list_turns,
    ("GET", f"{_SESSION}/turns/{{turn_id}}"): read_turn,
    ("GET", f"{_SESSION}/turns/{{turn_id}}/items"): list_items_of_turn,
    ("GET", f"{_SESSION}/subagents"): list_nothing,
    ("GET", f"{_SESSION}/artifacts"): list_nothing,
}
