"""The start of a session: the agent that it takes a copy of, the environment, and the first input."""

from collections.abc import Mapping
from typing import Any

from asstctl.emulator.agents import refusals
from asstctl.emulator.agents.objects.agent import AGENT, new_agent, overridden
from asstctl.emulator.agents.objects.environment import NONE, new_environment
from asstctl.emulator.agents.objects.session import SESSION, session_agent, show_session
from asstctl.emulator.agents.turns import events
from asstctl.emulator.agents.turns.intake import Intake
from asstctl.emulator.refusals import missing
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

Json = Any


def open_session(services: Services, given: Mapping[str, Json], now: int) -> Intake:
    """Inside a transaction: a new session, and its first turn if it is given something to work on."""
    agent = _agent(services, given, now)
    environment = new_environment(given["environment"])
    if "input" not in given and (environment["type"] == NONE or given.get("stream")):
        raise missing("input")
    said = {"agent": session_agent(agent), "environment": environment, "last_active_at": now}
    session = SESSION.new({**given, **said}, now)
    session |= {"_turn": None, "_said": 0, "_ended": None, "_keys": {}, "_spent": 0, "_inline": "agent_id" not in given}
    services.store.insert(SESSION, session, agent_id=agent["id"])
    intake = Intake(services, session)
    if "input" in given:
        intake.say(given["input"])
    # Told as it is by then: already at work.
    intake.told.insert(0, events.of_session("created", show_session(services, intake.session)))
    return intake


def _agent(services: Services, given: Mapping[str, Json], now: int) -> Body:
    """A saved agent with what the request says in its place, or one of this session alone."""
    said = given.get("agent", {})
    if "agent_id" in given:
        return overridden(_saved(services, given["agent_id"]), said, services.quirks)
    if "model" not in said:
        raise missing("agent.model" if "agent" in given else "agent")
    return new_agent(said, now, services.quirks)


def _saved(services: Services, agent_id: str) -> Body:
    agent = services.store.find(AGENT, agent_id)
    if agent is not None:
        return agent
    sql = "SELECT 1 FROM agent_sessions WHERE agent_id = ? AND json_extract(body, '$._inline')"
    if services.store.connection.execute(sql, (agent_id,)).fetchone() is not None:
        raise refusals.not_persisted(agent_id)
    raise refusals.not_found()
