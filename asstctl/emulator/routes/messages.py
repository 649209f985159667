"""Messages of a thread: list, create, get, modify, delete. An active run refuses every change."""

from collections.abc import Callable

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, answer, find_below, listing
from asstctl.emulator.objects import MESSAGE, RUN, THREAD
from asstctl.emulator.routes.threads import enter_again, enter_thread, insert_message
from asstctl.emulator.runs.history import remove_message
from asstctl.emulator.runs.settling import active_run
from asstctl.emulator.store import Body


async def list_messages(call: Call) -> Response:
    where = {"thread_id": enter_thread(call)["id"]}
    run_id = call.query("run_id")
    if run_id is not None:
        where["run_id"] = call.checked(RUN, run_id, "run_id")
    return listing(call, MESSAGE, **where)


async def create_message(call: Call) -> Response:
    enter_thread(call)
    given = call.given(MESSAGE, "create")
    with call.services.store.write():
        thread_id = _unlocked(call, refusals.thread_is_locked)
        message = insert_message(call.services, thread_id, given, call.now())
    return answer(MESSAGE.show(message))


async def read_message(call: Call) -> Response:
    return answer(MESSAGE.show(_enter_message(call)))


async def modify_message(call: Call) -> Response:
    _enter_message(call)
    given = call.given(MESSAGE, "modify")
    with call.services.store.write():
        _unlocked(call, refusals.message_is_locked)
        message = {**find_below(call, THREAD, MESSAGE), **given}
        call.services.store.replace(MESSAGE, message)
    return answer(MESSAGE.show(message))


async def delete_message(call: Call) -> Response:
    _enter_message(call)
    with call.services.store.write():
        _unlocked(call, refusals.message_is_locked)
        message = find_below(call, THREAD, MESSAGE)
        remove_message(call.services.store, message)
    return answer(MESSAGE.deleted(message["id"]))


def _enter_message(call: Call) -> Body:
    enter_thread(call)
    return find_below(call, THREAD, MESSAGE)


def _unlocked(call: Call, refuse: Callable[[str, str], refusals.Refusal]) -> str:
    thread_id: str = enter_again(call)["id"]
    run_id = active_run(call.services, thread_id)
    if run_id is not None:
        raise refuse(thread_id, run_id)
    return thread_id


ROUTES = {
    ("GET", "/v1/threads/{thread_id}/messages"): list_messages,
    ("POST", "/v1/threads/{thread_id}/messages"): create_message,
    ("GET", "/v1/threads/{thread_id}/messages/{message_id}"): read_message,
    ("POST", "/v1/threads/{thread_id}/messages/{message_id}"): modify_message,
    ("DELETE", "/v1/threads/{thread_id}/messages/{message_id}"): delete_message,
}
