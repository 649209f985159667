"""Threads: create with messages, get, modify, delete. There is no list of threads on this wire."""

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, answer
from asstctl.emulator.files.lookup import check_files
from asstctl.emulator.knowledge.resources import add_attachments, resources_after
from asstctl.emulator.objects import MESSAGE, THREAD
from asstctl.emulator.objects.message import content_parts, files_in
from asstctl.emulator.runs.history import check_room, store_message
from asstctl.emulator.runs.settling import active_run, settle_thread
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body


def enter_thread(call: Call) -> Body:
    """The thread in the path, with whatever was due on it settled. Every route below a thread begins here."""
    settle_thread(call.services, call.id_of(THREAD))
    return enter_again(call)


def enter_again(call: Call) -> Body:
    """The thread as it is under the lock of a transaction."""
    thread = call.services.store.find(THREAD, call.path[THREAD.id_param])
    if thread is None:
        raise refusals.not_found(THREAD.noun, call.path[THREAD.id_param])
    return thread


def insert_thread(services: Services, given: Body, now: int) -> Body:
    """Inside a transaction: a new thread and its first messages."""
    thread = THREAD.new(given, now)
    thread["tool_resources"] = resources_after(services, thread["tool_resources"], [], now, held={}, of_thread=True)
    services.store.insert(THREAD, thread)
    for posted in given.get("messages") or ():
        insert_message(services, thread["id"], posted, now)
    # Files attached to its messages are among its resources now.
    return services.store.find(THREAD, thread["id"]) or thread


def insert_message(services: Services, thread_id: str, posted: Body, now: int) -> Body:
    """Inside a transaction: a message that a client posts, in any of the three requests that can carry one."""
    check_room(services.store, thread_id)
    filled = {"thread_id": thread_id, "content": content_parts(posted["content"]), "completed_at": now}
    message = MESSAGE.new(posted, now, **filled)
    check_files(services, files_in(message))
    store_message(services.store, message)
    add_attachments(services, thread_id, message["attachments"], now)
    return message


async def create_thread(call: Call) -> Response:
    given = call.given(THREAD, "create")
    with call.services.store.write():
        thread = insert_thread(call.services, given, call.now())
    return answer(THREAD.show(thread))


async def read_thread(call: Call) -> Response:
    return answer(THREAD.show(enter_thread(call)))


async def modify_thread(call: Call) -> Response:
    enter_thread(call)
    given = call.given(THREAD, "modify")
    with call.services.store.write():
        before = enter_again(call)
        thread = {**before, **given}
        thread["tool_resources"] = resources_after(
            call.services, given.get("tool_resources", {}), [], call.now(), held=before["tool_resources"]
        )
        call.services.store.replace(THREAD, thread)
    return answer(THREAD.show(thread))


async def delete_thread(call: Call) -> Response:
    """With all that is on it. A run that is active stops, as nobody could read its answer."""
    thread_id = enter_thread(call)["id"]
    with call.services.store.write():
        enter_again(call)
        run_id = active_run(call.services, thread_id)
        call.services.store.remove(THREAD, thread_id)
    if run_id is not None:
        call.services.executor.drop(call.services, run_id)
    return answer(THREAD.deleted(thread_id))


ROUTES = {
    ("POST", "/v1/threads"): create_thread,
    ("GET", "/v1/threads/{thread_id}"): read_thread,
    ("POST", "/v1/threads/{thread_id}"): modify_thread,
    ("DELETE", "/v1/threads/{thread_id}"): delete_thread,
}
