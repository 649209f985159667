"""AgentsThreads over servers with manners of their own: what is sent, waited for, repeated and understood."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from asstctl.core.errors import AnswerLost, IncompleteListing, NotFound, Refused, Rejected
from asstctl.core.ports import ThreadHost
from asstctl.core.thread import CodeRun, Image, Opened, PastCall, RunOptions, RunState, Said, Spoken, ToolOutput, Usage
from tests.providers.agents.sessions import (
    ACCEPTED,
    Server,
    call,
    message,
    page,
    provider,
    refused,
    session,
    turn,
    unhurried,
)

HI = [Said("user", "hi")]
DONE: dict[str, Any] = {"session": [session()], "turns": [page(turn())], "items": [page(message("hello"))]}
ASKING: dict[str, Any] = {
    "session": [session("requires_action", call()), session()],
    "turns": [page(turn(status="waiting", usage=None)), page(turn())],
    "items": [page(), page(message("fine"))],
}


async def opened(host: ThreadHost, said: Sequence[Said] = HI, **more: Any) -> str:
    return (await host.open(assistant="agent_1", messages=said, **more)).thread


def first_run(server: Server, options: RunOptions = RunOptions()) -> RunState:  # noqa: B008
    async def play() -> RunState:
        async with provider(server) as one:
            host = one.thread_host()
            return await host.run(await opened(host), "agent_1", options)

    return unhurried(play())


def test_a_session_opens_with_what_is_said_first() -> None:
    """One request makes it, without an environment; it bears the run's metadata; the turn is read once it is over."""
    server = Server(**DONE)

    async def play() -> RunState:
        async with provider(server) as one:
            host = one.thread_host()
            thread = await opened(host, metadata={"asstctl_run": "p/r"})
            return await host.run(thread, "agent_1")

    state = unhurried(play())

    assert state == RunState("turn_1", "completed", reply="hello", usage=Usage(3, 4), model="gpt-5.4")
    assert server.bodies[0] == {
        "agent_id": "agent_1",
        "environment": {"type": "none"},
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
        "metadata": {"asstctl_run": "p/r"},
    }
    assert server.log == ["POST /agents/sessions", "GET .", "GET ./turns", "GET ./turns/turn_1/items"]
    assert {request.headers["openai-beta"] for request in server.asked} == {"agents=v1"}


def test_code_runs_in_a_hosted_environment() -> None:
    """Where the assistant's code interpreter became a tool of its threads; what ran is shown when it is asked for."""
    ran = {"type": "command_execution", "command": "python -c 'print(6)'", "output": "6\n", "status": "completed"}
    server = Server(**{**DONE, "items": [page(ran, message("6"))]})

    async def play() -> RunState:
        async with provider(server) as one:
            host = one.thread_host()
            thread = await opened(host, tools=frozenset({"code_interpreter"}))
            return await host.run(thread, "agent_1", RunOptions(steps=True))

    assert unhurried(play()).code == (CodeRun("python -c 'print(6)'", "6\n"),)
    assert server.bodies[0]["environment"] == {"type": "openai_hosted"}


def test_a_new_turn_is_known_by_its_id() -> None:
    """Right after a message its session may still be idle and its turn not listed: neither is taken for the answer."""
    server = Server(
        session=[session(), session(), session(), session("in_progress"), session()],
        turns=[page(turn()), page(turn()), page(turn("turn_2"), turn())],
        items=[page(message("one")), page(message("two"))],
    )

    async def play() -> list[RunState]:
        async with provider(server) as one:
            host = one.thread_host()
            thread = await opened(host)
            first = await host.run(thread, "agent_1")
            await host.post(thread, Said("user", "again"))
            return [first, await host.run(thread, "agent_1")]

    first, second = unhurried(play())

    assert [(one.id, one.reply) for one in (first, second)] == [("turn_1", "one"), ("turn_2", "two")]
    assert server.events == [
        {
            "type": "agent.session.input.message",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "again"}]}],
        }
    ]


def test_without_a_message_there_is_no_turn() -> None:
    """Whoever runs an assistant that was told nothing hears that, and does not wait for ever."""
    server = Server(**DONE)

    async def play() -> None:
        async with provider(server) as one:
            host = one.thread_host()
            thread = await opened(host)
            await host.run(thread, "agent_1")
            await host.run(thread, "agent_1")

    with pytest.raises(Rejected, match="no turn without a message"):
        unhurried(play())


@pytest.mark.parametrize("written", [{"city": "Oslo"}, '{"city": "Oslo"}'], ids=["object", "text"])
def test_calls_are_answered_in_one_request(written: object) -> None:
    """However arguments are written: all results go at once, under one key, and only then is the turn followed."""
    asking = session("requires_action", call(arguments=written), call("call_2", "get_time"))
    server = Server(**{**ASKING, "session": [asking, session()]})

    async def play() -> list[RunState]:
        async with provider(server) as one:
            host = one.thread_host()
            thread = await opened(host)
            asked = await host.run(thread, "agent_1")
            outputs = [ToolOutput(one.id, f"{one.name}!") for one in asked.calls]
            return [asked, await host.outputs(thread, asked.id, outputs)]

    asked, done = unhurried(play())

    assert [(one.name, one.arguments) for one in asked.calls] == [
        ("get_weather", '{"city": "Oslo"}'),
        ("get_time", "{}"),
    ]
    assert (asked.status, done.id, done.status, done.reply) == ("requires_action", asked.id, "completed", "fine")
    assert [(one["call_id"], one["success"], one["output"]) for one in server.events] == [
        ("call_1", True, "get_weather!"),
        ("call_2", True, "get_time!"),
    ]
    assert server.count("POST ./events") == 1
    assert len(server.asked[server.log.index("POST ./events")].headers["idempotency-key"]) == 32


def test_a_call_that_was_answered_is_not_asked_for_again() -> None:
    """The session may go on listing it for a while."""
    stale = session("requires_action", call())
    server = Server(
        session=[stale, stale, stale, session()],
        turns=[
            page(turn(status="waiting")),
            page(turn(status="waiting")),
            page(turn(status="in_progress")),
            page(turn()),
        ],
        items=[page(), page(message("fine"))],
    )

    assert answered(server).reply == "fine"
    assert server.count("POST ./events") == 1


EARLY = refused(400, "Unknown pending tool call: call_1")


@pytest.mark.parametrize(
    ("answers", "sent"),
    [
        ([EARLY, ACCEPTED], 2),
        ([EARLY, EARLY, EARLY, ACCEPTED], 4),
        ([httpx2.Response(503), ACCEPTED], 2),
        ([httpx2.ReadError("x"), ACCEPTED], 2),
    ],
    ids=["once", "thrice", "fault", "lost"],
)
def test_results_that_came_too_early_are_sent_again(answers: list[Any], sent: int) -> None:
    """With the same key, so that it does no harm where the first one was taken."""
    server = Server(**{**ASKING, "events": answers})

    assert answered(server).status == "completed"
    keys = {one.headers["idempotency-key"] for one in server.asked if one.url.path.endswith("/events")}
    assert (server.count("POST ./events"), len(keys)) == (sent, 1)


@pytest.mark.parametrize("key", ["k", "pending"])
def test_a_key_that_is_a_part_of_the_server_s_words_hides_them_from_nobody(key: str) -> None:
    server = Server(**{**ASKING, "events": [EARLY, ACCEPTED]})

    assert answered(server, key=key).status == "completed"
    assert server.count("POST ./events") == 2


@pytest.mark.parametrize(
    ("answer", "error", "sent"),
    [(EARLY, Rejected, 4), (refused(400, "Turn is over"), Rejected, 1), (httpx2.ReadError("x"), AnswerLost, 4)],
)
def test_results_that_are_never_taken_are_an_error(answer: Any, error: type[Exception], sent: int) -> None:
    server = Server(**{**ASKING, "events": [answer]})

    with pytest.raises(error):
        answered(server)
    assert server.count("POST ./events") == sent


def answered(server: Server, **settings: Any) -> RunState:
    """The end of a turn whose call is answered."""

    async def play() -> RunState:
        async with provider(server, **settings) as one:
            host = one.thread_host()
            thread = await opened(host)
            asked = await host.run(thread, "agent_1")
            return await host.outputs(thread, asked.id, [ToolOutput("call_1", "sunny")])

    return unhurried(play())


def test_a_message_is_said_again_while_the_first_is_taken_in() -> None:
    """The service refuses it with 409 then."""
    pending = refused(409, "initial input still pending")
    server = Server(
        **{**DONE, "turns": [page(turn()), page(turn("turn_2"), turn())], "events": [pending, pending, ACCEPTED]}
    )

    async def play() -> RunState:
        async with provider(server) as one:
            host = one.thread_host()
            thread = await opened(host)
            await host.run(thread, "agent_1")
            await host.post(thread, Said("user", "again"))
            return await host.run(thread, "agent_1")

    assert unhurried(play()).id == "turn_2"
    assert server.count("POST ./events") == 3


def test_a_create_is_sent_once() -> None:
    """Where its answer is lost there may be a session: nobody makes another one."""
    server = Server(open=[httpx2.ReadError("x")])

    with pytest.raises(AnswerLost):
        first_run(server)
    assert len(server.asked) == 1


def test_usage_may_come_late() -> None:
    server = Server(**{**DONE, "turns": [page(turn(usage=None)), page(turn(usage=None)), page(turn())]})

    assert first_run(server).usage == Usage(3, 4)
    assert server.count("GET ./turns") == 3


def test_usage_that_never_comes_is_unknown() -> None:
    """And is waited for once in a conversation."""
    server = Server(
        session=[session()],
        turns=[*[page(turn(usage=None))] * 7, page(turn("turn_2", usage=None), turn())],
        items=[page(message("x"))],
    )

    async def play() -> list[RunState]:
        async with provider(server) as one:
            host = one.thread_host()
            thread = await opened(host)
            first = await host.run(thread, "agent_1")
            await host.post(thread, Said("user", "again"))
            return [first, await host.run(thread, "agent_1")]

    assert [one.usage for one in unhurried(play())] == [None, None]
    assert server.count("GET ./turns") == 8


def test_a_failed_turn_leaves_an_idle_session_and_says_why() -> None:
    failed = turn(status="failed", usage=None, error={"code": "rate_limit_exceeded", "message": "slow down"})
    state = first_run(Server(**{**DONE, "turns": [page(failed)], "items": [page()]}))

    assert (state.status, state.error) == ("failed", "rate_limit_exceeded: slow down")
    assert (state.no_verdict, state.rate_limited) == (True, True)


@pytest.mark.parametrize(
    ("found", "no_verdict", "said"),
    [
        (session("budget_reached"), True, "the session's own limit was reached"),
        (session("failed", error="no sandbox"), True, "the session failed: no sandbox"),
        (
            session(
                "requires_action", {"type": "mcp_approval_request", "request": {"server_label": "git", "name": "push"}}
            ),
            False,
            "somebody has to approve a call of an MCP server (git.push)",
        ),
        (session("requires_action", {"type": "dance"}), False, "it requires 'dance'"),
    ],
    ids=["budget", "dead", "approval", "unknown"],
)
def test_what_cannot_go_on_is_a_failed_run(found: dict[str, Any], no_verdict: bool, said: str) -> None:
    """A sentence says what stands in the way; what is the provider's affair proves nothing about the assistant."""
    state = first_run(Server(session=[found], turns=[page(turn(status="waiting"))], items=[page()]))

    assert (state.status, state.no_verdict, said in state.error) == ("failed", no_verdict, True)


@pytest.mark.parametrize(
    ("dollars", "sent"),
    [
        (None, None),
        (0.5, {"limit": 50}),
        (0.07, {"limit": 7}),
        (0.071, {"limit": 8}),
        (1 / 3, {"limit": 34}),
        (0.000001, {"limit": 1}),
        (12, {"limit": 1200}),
        (float("inf"), None),
    ],
)
def test_a_session_is_held_to_its_limit_in_whole_cents(dollars: float | None, sent: object) -> None:
    """Rounded up, and at least one: a limit that is too low would end what may go on."""
    server = Server(**DONE)

    async def play() -> None:
        async with provider(server) as one:
            await opened(one.thread_host(), max_cost=dollars)

    unhurried(play())
    assert server.bodies[0].get("spend_control") == sent


def test_after_the_turn_with_which_the_limit_was_reached_nothing_is_sent() -> None:
    """It is answered, and the next ends at once: the server would refuse it. Then the session is deleted."""
    server = Server(**{**DONE, "session": [session("budget_reached", spend_control={"limit": 5})]})

    async def play() -> list[RunState]:
        async with provider(server) as one:
            host = one.thread_host()
            thread = await opened(host, max_cost=0.05)
            first = await host.run(thread, "agent_1")
            await host.post(thread, Said("user", "again"))
            second = await host.run(thread, "agent_1")
            await host.close(thread)
            return [first, second]

    first, second = unhurried(play())

    assert (first.status, first.reply, first.cost_limited) == ("completed", "hello", False)
    assert (second.status, second.error) == ("failed", "the session's own limit of $0.05 was reached")
    assert (second.no_verdict, second.cost_limited) == (True, True)
    assert server.events == []
    assert server.log[-1] == "DELETE ."


def test_items_are_read_page_by_page() -> None:
    """Where the envelope says: the last item may be none that can be asked after."""
    pages = [page(message("one"), more=True, last="item_9"), page(message("two"))]
    server = Server(**{**DONE, "items": pages})

    assert first_run(server).reply == "one\ntwo"
    assert [one.url.params.get("after") for one in server.asked if one.url.path.endswith("items")] == [None, "item_9"]


def test_items_that_do_not_end_are_an_error() -> None:
    """And not a shorter answer."""
    with pytest.raises(IncompleteListing):
        first_run(Server(**{**DONE, "items": [page(message("one"), more=True, last="item_9")]}))


def test_closing_ends_what_goes_on() -> None:
    """Cancelled, waited for and deleted."""
    server = Server(
        session=[session("requires_action", call()), session("in_progress"), session()],
        turns=[page(turn(status="waiting"))],
        items=[page()],
    )

    async def play() -> None:
        async with provider(server) as one:
            host = one.thread_host()
            thread = await opened(host)
            await host.run(thread, "agent_1")
            await host.close(thread)

    unhurried(play())

    assert server.events == [{"type": "agent.session.input.cancel"}]
    assert server.log[-3:] == ["POST ./events", "GET .", "DELETE ."]


def test_closing_what_another_host_opened_ends_it_where_it_is_busy() -> None:
    server = Server(session=[session()], delete=[refused(409, "session is busy"), {"deleted": True}])

    async def play() -> None:
        async with provider(server) as one:
            await one.thread_host().close("sess_1")

    unhurried(play())

    assert server.log == ["DELETE .", "POST ./events", "GET .", "DELETE ."]


def test_a_server_that_ignores_the_filter_gives_no_session_of_others() -> None:
    """What is found so is deleted: each session has to say itself whose it is."""
    ours, theirs = {"asstctl_run": "school/1"}, {"asstctl_run": "school/2"}
    listed = [session(id=f"sess_{number}", metadata=one) for number, one in enumerate((ours, theirs, {}, None))]
    server = Server(sessions=[page(*listed)])

    async def play() -> tuple[str, ...] | None:
        async with provider(server) as one:
            return await one.thread_host().bearing(ours)

    assert unhurried(play()) == ("sess_0",)
    assert server.asked[0].url.params["metadata[asstctl_run]"] == "school/1"


def test_closing_what_is_gone_is_no_error() -> None:
    server = Server(delete=[refused(404, "No session found")])

    async def play() -> None:
        async with provider(server) as one:
            await one.thread_host().close("sess_1")

    unhurried(play())

    assert server.log == ["DELETE ."]


def test_what_was_cut_off_is_not_taken_for_what_is_said_next() -> None:
    """The turns that are there by then are looked through before the next message."""
    server = Server(
        session=[session()],
        turns=[page(turn(status="cancelled")), page(turn("turn_2"), turn(status="cancelled"))],
        items=[page(message("second"))],
    )

    async def play() -> tuple[bool, RunState]:
        async with provider(server) as one:
            host = one.thread_host()
            thread = await opened(host)
            free = await host.cancel(thread)
            await host.post(thread, Said("user", "again"))
            return free, await host.run(thread, "agent_1")

    free, state = unhurried(play())

    assert (free, state.id, state.reply) == (True, "turn_2", "second")


def test_a_past_is_read_turn_by_turn() -> None:
    """With calls and their outputs, and pictures by their number."""
    picture = {"type": "input_image", "image_url": "https://example.org/x.png"}
    asked = {
        "type": "function_call",
        "call_id": "call_1",
        "name": "look",
        "arguments": {"at": 1},
        "status": "completed",
    }
    output = {"type": "function_call_output", "call_id": "call_1", "output": "seen", "status": "completed"}
    user = message("what is it?", "user")
    user["content"].append(picture)
    server = Server(
        turns=[page(turn(), turn("turn_2"))],
        items=[
            page(user, asked, output, message("hm", phase="commentary"), message("a cat")),
            page(message("bye", "user")),
        ],
    )

    async def play() -> tuple[Spoken, ...]:
        async with provider(server) as one:
            return await one.thread_host().history("sess_1")

    assert unhurried(play()) == (
        Spoken("what is it?", "a cat", (PastCall("look", '{"at": 1}', "seen"),), images=1),
        Spoken("bye"),
    )


def test_pictures_go_with_their_message(tmp_path: Path) -> None:
    """By URL, or as one: nothing is uploaded, and nothing has to be deleted, by whomever."""
    server = Server()
    (tmp_path / "dot.png").write_bytes(b"png")

    async def play() -> Opened:
        async with provider(server) as one:
            host = one.thread_host()
            name = await host.upload(tmp_path / "dot.png", purpose="vision")
            images = (Image(file=name, detail="low"), Image(url="https://example.org/x.png"))
            made = await host.open(assistant="agent_1", messages=[Said("user", "", images)])
            await host.discard("file", name)
            await one.thread_host().discard("file", name)
            return made

    assert unhurried(play()) == Opened("sess_1")
    assert server.bodies[0]["input"][0]["content"] == [
        {"type": "input_image", "image_url": "data:image/png;base64,cG5n"},
        {"type": "input_image", "image_url": "https://example.org/x.png"},
    ]
    assert server.log == ["POST /agents/sessions"]


@pytest.mark.parametrize(("size", "match"), [(None, "cannot be read"), (3_000_001, "too large to be shown")])
def test_a_picture_that_cannot_be_sent_is_refused(tmp_path: Path, size: int | None, match: str) -> None:
    file = tmp_path / "dot.png"
    if size:
        file.write_bytes(bytes(size))

    async def play() -> None:
        async with provider(Server()) as one:
            await one.thread_host().upload(file, purpose="vision")

    with pytest.raises(Refused, match=match):
        unhurried(play())


def test_a_session_that_is_gone_is_not_found() -> None:
    server = Server(turns=[refused(404, "No session found")])

    async def play() -> None:
        async with provider(server) as one:
            host = one.thread_host()
            await host.post("sess_1", Said("user", "hi"))
            await host.run("sess_1", "agent_1")

    with pytest.raises(NotFound):
        unhurried(play())


def test_a_search_is_asked_of_the_vector_stores() -> None:
    """On their own wire, without the header of the beta."""
    found = {"object": "vector_store.search_results.page", "data": [{"file_id": "f", "filename": "a.md", "score": 0.5}]}
    server = Server(**{"/vector_stores/vs_1/search": [found]})

    async def play() -> list[str]:
        async with provider(server) as one:
            return [passage.file for passage in await one.thread_host().search("vs_1", "otters")]

    assert unhurried(play()) == ["a.md"]
    assert (server.bodies, "openai-beta" in server.asked[0].headers) == ([{"query": "otters"}], False)
