"""Agents: list, create, get, update, delete."""

from starlette.responses import Response

from asstctl.emulator.agents import refusals
from asstctl.emulator.agents.listing import listing
from asstctl.emulator.agents.objects.agent import AGENT, new_agent, overridden
from asstctl.emulator.calls import Call, answer
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body


def find_agent(services: Services, agent_id: str) -> Body:
    """A saved agent as it is stored."""
    agent = services.store.find(AGENT, agent_id)
    if agent is None:
        raise refusals.not_found()
    return agent


async def list_agents(call: Call) -> Response:
    return listing(call, AGENT)


async def create_agent(call: Call) -> Response:
    services = call.services
    agent = new_agent(call.given(AGENT, "create"), call.now(), services.quirks)
    with services.store.write():
        services.store.insert(AGENT, agent)
    return answer(AGENT.show(agent), 201)


async def read_agent(call: Call) -> Response:
    return answer(AGENT.show(find_agent(call.services, _id(call))))


async def update_agent(call: Call) -> Response:
    services = call.services
    given = call.given(AGENT, "update")
    with services.store.write():
        agent = overridden(find_agent(services, _id(call)), given, services.quirks)
        agent["updated_at"] = call.now()
        services.store.replace(AGENT, agent)
    return answer(AGENT.show(agent))


async def delete_agent(call: Call) -> Response:
    with call.services.store.write():
        if not call.services.store.remove(AGENT, _id(call)):
            raise refusals.not_found()
    return answer(AGENT.deleted(_id(call)))


def _id(call: Call) -> str:
    return call.path[AGENT.id_param]


ROUTES = {
    ("GET", "/v1/agents"): list_agents,
    ("POST", "/v1/agents"): create_agent,
    ("GET", "/v1/agents/{agent_id}"): read_agent,
    ("POST", "/v1/agents/{agent_id}"): update_agent,
    ("DELETE", "/v1/agents/{agent_id}"): delete_agent,
}
