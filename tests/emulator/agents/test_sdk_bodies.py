"""Whatever the types of the `openai` package let one send is answered in its types, strictly read, or refused."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import anyio
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from openai.types.beta.agent_create_params import AgentCreateParams
from openai.types.beta.agent_update_params import AgentUpdateParams
from openai.types.beta.agents.session_create_params import SessionCreateParamsNonStreaming
from openai.types.beta.agents.session_update_params import SessionUpdateParams
from openai.types.beta.agents.sessions.event_create_params import EventCreateParams

from tests.emulator.agents.sdk_bodies import bodies
from tests.emulator.agents.world import sdk

Json = Any
Client = openai.AsyncOpenAI
Ask = Callable[[Client, Json], Awaitable[object]]

_NONE: Any = {"type": "none"}
_ELSEWHERE = ("environment_id", "environment_template_id", "files", "packages", "plugins", "skills", "setup_commands")
"""Members of an environment that ask for what this server says it has not."""


async def _create_agent(client: Client, body: Json) -> None:
    made = await client.beta.agents.create(model="m", extra_body={**body, "model": body["model"] or "m"})
    assert await client.beta.agents.retrieve(made.id) == made
    assert [each async for each in client.beta.agents.list()] == [made]


async def _update_agent(client: Client, body: Json) -> None:
    made = await client.beta.agents.create(model="m")
    assert await client.beta.agents.update(made.id, extra_body=body) == await client.beta.agents.retrieve(made.id)


async def _create_session(client: Client, body: Json) -> None:
    sessions = client.beta.agents.sessions
    environment = {name: value for name, value in body["environment"].items() if name not in _ELSEWHERE}
    given = {**body, "environment": _NONE if environment["type"] == "self_hosted" else environment}
    given.pop("agent_id", None)
    given["agent"] = {**(body.get("agent") or {}), "model": "m"}
    made = await sessions.create(environment=_NONE, extra_body={**given, "input": given.get("input") or "hello"})
    await sessions.retrieve(made.id)
    assert [each.id async for each in sessions.list()] == [made.id]
    assert [each async for each in sessions.items.list(made.id)]
    (turn,) = [each async for each in sessions.turns.list(made.id)]
    assert turn.session_id == made.id


async def _update_session(client: Client, body: Json) -> None:
    sessions = client.beta.agents.sessions
    made = await sessions.create(environment=_NONE, input="hello", agent={"model": "m"})
    await sessions.update(made.id, extra_body=body)
    await sessions.retrieve(made.id)


async def _send_events(client: Client, body: Json) -> None:
    sessions = client.beta.agents.sessions
    made = await sessions.create(environment=_NONE, input="hello", agent={"model": "m"})
    await sessions.events.create(made.id, events=[], extra_body={"events": body["events"]})
    assert [each async for each in sessions.items.list(made.id)]


@pytest.mark.parametrize(
    ("of", "ask"),
    [
        (AgentCreateParams, _create_agent),
        (AgentUpdateParams, _update_agent),
        (SessionCreateParamsNonStreaming, _create_session),
        (SessionUpdateParams, _update_session),
        (EventCreateParams, _send_events),
    ],
    ids=["create agent", "update agent", "create session", "update session", "send events"],
)
def test_what_the_package_lets_one_send_is_answered_or_refused_in_its_types(of: Any, ask: Ask) -> None:
    async def answered(body: Json) -> None:
        async with sdk() as client:
            with suppress(openai.BadRequestError):
                await ask(client, body)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(bodies(of))
    def law(body: Json) -> None:
        anyio.run(answered, body)

    law()
