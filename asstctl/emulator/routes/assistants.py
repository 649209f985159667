"""Assistants: list, create, get, modify, delete."""

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, answer, listing
from asstctl.emulator.knowledge.resources import resources_after
from asstctl.emulator.objects import ASSISTANT
from asstctl.emulator.store import Body, Store


def get_assistant(store: Store, assistant_id: str) -> Body:
    assistant = store.find(ASSISTANT, assistant_id)
    if assistant is None:
        raise refusals.not_found(ASSISTANT.noun, assistant_id)
    return assistant


async def list_assistants(call: Call) -> Response:
    return listing(call, ASSISTANT)


async def create_assistant(call: Call) -> Response:
    services, now = call.services, call.now()
    assistant = ASSISTANT.new(call.given(ASSISTANT, "create"), now)
    with services.store.write():
        given = assistant["tool_resources"]
        assistant["tool_resources"] = resources_after(services, given, assistant["tools"], now, held={})
        services.store.insert(ASSISTANT, assistant)
    return answer(ASSISTANT.show(assistant))


async def read_assistant(call: Call) -> Response:
    return answer(ASSISTANT.show(get_assistant(call.services.store, call.id_of(ASSISTANT))))


async def modify_assistant(call: Call) -> Response:
    services, assistant_id = call.services, call.id_of(ASSISTANT)
    given = call.given(ASSISTANT, "modify")
    with services.store.write():
        before = get_assistant(services.store, assistant_id)
        assistant = {**before, **given}
        assistant["tool_resources"] = resources_after(
            services, given.get("tool_resources", {}), assistant["tools"], call.now(), held=before["tool_resources"]
        )
        services.store.replace(ASSISTANT, assistant)
    return answer(ASSISTANT.show(assistant))


async def delete_assistant(call: Call) -> Response:
    assistant_id = call.id_of(ASSISTANT)
    with call.services.store.write():
        if not call.services.store.remove(ASSISTANT, assistant_id):
            raise refusals.not_found(ASSISTANT.noun, assistant_id)
    return answer(ASSISTANT.deleted(assistant_id))


ROUTES = {
    ("GET", "/v1/assistants"): list_assistants,
    ("POST", "/v1/assistants"): create_assistant,
    ("GET", "/v1/assistants/{assistant_id}"): read_assistant,
    ("POST", "/v1/assistants/{assistant_id}"): modify_assistant,
    ("DELETE", "/v1/assistants/{assistant_id}"): delete_assistant,
}
