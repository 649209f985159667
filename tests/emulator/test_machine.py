"""Any sequence of operations on threads, messages and runs does what the oracle says."""

import asyncio
import json
import tempfile
from collections.abc import AsyncGenerator, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from asstctl.emulator import open_emulator
from asstctl.emulator.replies.echo import Echo
from asstctl.emulator.replies.values import Part, ReplyRequest, TextDelta
from tests.emulator import oracle as model
from tests.emulator.harness import ASK, Api, Clock

Json = Any

_TEXTS = st.sampled_from(["one", "two\nlines", "三个字", "🙂🙂", "'; --"])
_POSTS = st.lists(st.tuples(st.sampled_from(["user", "user", "assistant"]), _TEXTS), max_size=3)
_METADATA = st.dictionaries(st.sampled_from(["a", "b", "键"]), st.sampled_from(["", "1", "x\x00"]), max_size=2)
_PICK = st.integers(0, 20)
_STYLES = st.tuples(st.sampled_from(["asc", "desc"]), st.sampled_from([1, 2, 3, 100]))


class _Halting(Echo):
    """An echo that stops in the middle of what it says for as long as the gate is closed."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[Part, None]:
        parts = [part async for part in super().reply(request)]
        text = "".join(part.text for part in parts if isinstance(part, TextDelta))
        if text:
            yield TextDelta(text[: len(text) // 2])
        await self.gate.wait()
        if text:
            yield TextDelta(text[len(text) // 2 :])
        for part in parts:
            if not isinstance(part, TextDelta):
                yield part


class Threads(RuleBasedStateMachine):
    servers = 1

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.backend = _Halting()
        self.oracle = model.Oracle(int(self.clock.now))
        self.style = ("asc", 100)
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        database = Path(self.folder.name) / "local.db" if self.servers > 1 else ":memory:"
        self.apis = [Api(open_emulator(database, replies=self.backend, clock=self.clock)) for _ in range(self.servers)]
        self.assistants = {
            True: self._do(self.api.assistant(instructions="Repeat.", tools=[ASK]))["id"],
            False: self._do(self.api.assistant(tools=[ASK]))["id"],
        }

    @property
    def api(self) -> Api:
        """The server that is next in turn."""
        self.apis.append(self.apis.pop(0))
        return self.apis[-1]

    def teardown(self) -> None:
        async def close() -> None:
            for api in self.apis:
                await api.http.aclose()
                await api.emulator.aclose()

        self._do(close())
        self.runner.close()
        self.folder.cleanup()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    # What to act on

    def _thread(self, pick: int) -> model.Thread:
        return self.oracle.threads[pick % len(self.oracle.threads)]

    def _message(self, pick: int) -> tuple[model.Thread, model.Message]:
        return self.oracle.messages[pick % len(self.oracle.messages)]

    def _run(self, pick: int) -> model.Run:
        return self.oracle.runs[pick % len(self.oracle.runs)]

    def _sent(self, refused: str | None, method: str, path: str, body: Json = None) -> Json:
        """The object that came back, or nothing if the request was refused, as it then had to be."""
        response = self._do(self.api.send(method, path, body))
        if refused is None:
            assert response.status_code == 200, response.text
            return response.json()
        assert response.status_code == (404 if refused.startswith("No ") else 400), response.text
        assert refused in response.json()["error"]["message"]
        return None

    # Threads and messages

    @rule(posts=_POSTS, metadata=_METADATA)
    def create_thread(self, posts: list[tuple[str, str]], metadata: dict[str, str]) -> None:
        thread = self.oracle.create_thread(metadata)
        thread.messages = [model.Message("", role, text, {}) for role, text in posts]
        thread.id = self._sent(None, "POST", "/threads", {"messages": _bodies(posts), "metadata": metadata})["id"]

    @precondition(lambda self: self.oracle.threads)
    @rule(pick=_PICK, metadata=_METADATA)
    def modify_thread(self, pick: int, metadata: dict[str, str]) -> None:
        thread = self._thread(pick)
        refused = self.oracle.modify_thread(thread, metadata)
        self._sent(refused, "POST", f"/threads/{thread.id}", {"metadata": metadata})

    @precondition(lambda self: self.oracle.threads)
    @rule(pick=_PICK)
    def delete_thread(self, pick: int) -> None:
        thread = self._thread(pick)
        self._sent(self.oracle.delete_thread(thread), "DELETE", f"/threads/{thread.id}")

    @precondition(lambda self: self.oracle.threads)
    @rule(pick=_PICK, posts=_POSTS, metadata=_METADATA)
    def add_messages(self, pick: int, posts: list[tuple[str, str]], metadata: dict[str, str]) -> None:
        thread = self._thread(pick)
        for role, text in posts:
            refused = self.oracle.add_message(thread, role, text, metadata)
            body = {"role": role, "content": text, "metadata": metadata}
            self._sent(refused, "POST", f"/threads/{thread.id}/messages", body)

    @precondition(lambda self: self.oracle.messages)
    @rule(pick=_PICK, metadata=_METADATA)
    def modify_message(self, pick: int, metadata: dict[str, str]) -> None:
        thread, message = self._message(pick)
        refused = self.oracle.modify_message(thread, message, metadata)
        self._sent(refused, "POST", f"/threads/{thread.id}/messages/{message.id}", {"metadata": metadata})

    @precondition(lambda self: self.oracle.messages)
    @rule(pick=_PICK)
    def delete_message(self, pick: int) -> None:
        thread, message = self._message(pick)
        refused = self.oracle.delete_message(thread, message)
        self._sent(refused, "DELETE", f"/threads/{thread.id}/messages/{message.id}")

    # Runs

    @precondition(lambda self: self.oracle.threads)
    @rule(pick=_PICK, posts=_POSTS, asks=st.booleans(), instructed=st.booleans(), stream=st.booleans())
    def create_run(self, pick: int, posts: list[tuple[str, str]], asks: bool, instructed: bool, stream: bool) -> None:
        thread = self._thread(pick)
        refused = self.oracle.create_run(thread, posts, asks=asks, instructed=instructed, metadata={})
        body = {**self._start(asks, instructed), "additional_messages": _bodies(posts)}
        path = f"/threads/{thread.id}/runs"
        run = self._streamed(path, body) if stream and not refused else self._sent(refused, "POST", path, body)
        if run is not None:
            thread.runs[-1].id = run["id"]

    @rule(posts=_POSTS, asks=st.booleans(), instructed=st.booleans(), stream=st.booleans(), metadata=_METADATA)
    def create_thread_and_run(
        self, posts: list[tuple[str, str]], asks: bool, instructed: bool, stream: bool, metadata: dict[str, str]
    ) -> None:
        thread = self.oracle.create_thread({})
        thread.messages = [model.Message("", role, text, {}) for role, text in posts]
        refused = self.oracle.create_run(thread, [], asks=asks, instructed=instructed, metadata=metadata)
        body = {**self._start(asks, instructed), "thread": {"messages": _bodies(posts)}, "metadata": metadata}
        if refused:
            self.oracle.threads.remove(thread)
        path = "/threads/runs"
        run = self._streamed(path, body) if stream and not refused else self._sent(refused, "POST", path, body)
        if run is not None:
            thread.id, thread.runs[-1].id = run["thread_id"], run["id"]

    def _start(self, asks: bool, instructed: bool) -> Json:
        return {"assistant_id": self.assistants[instructed], "tool_choice": "required" if asks else "auto"}

    def _streamed(self, path: str, body: Json) -> Json:
        """The run that a stream ends with. Models are let go first, or it would not end."""

        async def read() -> Json:
            async with self.api.http.stream("POST", path, json={**body, "stream": True}) as response:
                assert response.headers["content-type"].startswith("text/event-stream"), await response.aread()
                lines = [line async for line in response.aiter_lines()]
            return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]

        self.release()
        events = self._do(read())
        last = events[-1]
        assert last["object"] == "thread.run"
        assert last == self._do(self.api.get(f"/threads/{last['thread_id']}/runs/{last['id']}"))
        return last

    @precondition(lambda self: self.oracle.runs)
    @rule(pick=_PICK, metadata=_METADATA)
    def modify_run(self, pick: int, metadata: dict[str, str]) -> None:
        run = self._run(pick)
        self.oracle.modify_run(run, metadata)
        self._sent(None, "POST", f"/threads/{run.thread.id}/runs/{run.id}", {"metadata": metadata})

    @precondition(lambda self: self.oracle.runs)
    @rule(pick=_PICK)
    def cancel_run(self, pick: int) -> None:
        run = self._run(pick)
        refused = self.oracle.cancel(run)
        answer = self._sent(refused, "POST", f"/threads/{run.thread.id}/runs/{run.id}/cancel")
        assert answer is None or answer["status"] == "cancelling"

    @precondition(lambda self: self.oracle.runs)
    @rule(pick=_PICK, output=_TEXTS, right=st.sampled_from([True, True, True, False]), stream=st.booleans())
    def submit(self, pick: int, output: str, right: bool, stream: bool) -> None:
        run = self._run(pick)
        given = [(call, output) for call in run.calls] if right else [("call_other", output)]
        refused = self.oracle.submit(run, given)
        body = {"tool_outputs": [{"tool_call_id": call, "output": text} for call, text in given]}
        path = f"/threads/{run.thread.id}/runs/{run.id}/submit_tool_outputs"
        if stream and not refused:
            self._streamed(path, body)
        else:
            self._sent(refused, "POST", path, body)

    # The world

    @rule(seconds=st.sampled_from([20, 300, 600]))
    def wait(self, seconds: int) -> None:
        if self.servers > 1:
            # The other server would find a lease run out that only this clock made old.
            self.release()
            self.everything_is_as_the_oracle_says()
        self.clock.now += seconds
        self.oracle.now += seconds

    @rule()
    def hold(self) -> None:
        self.oracle.held = True
        self.backend.gate.clear()

    @rule()
    def release(self) -> None:
        self.oracle.held = False
        self.backend.gate.set()

    @rule(style=_STYLES)
    def read_lists_otherwise(self, style: tuple[str, int]) -> None:
        self.style = style

    # What holds after every step

    @invariant()
    def everything_is_as_the_oracle_says(self) -> None:
        self.oracle.settle()
        self._do(self._compare())

    async def _compare(self) -> None:
        for thread in self.oracle.threads:
            response = await self.api.http.get(f"/threads/{thread.id}")
            if thread.gone:
                assert (response.status_code, response.json()["error"]["message"]) == (404, thread.missing())
                continue
            assert response.json()["metadata"] == thread.metadata
            for run in thread.runs:
                await self._compare_run(run)
            assert len(thread.runs) - len([run for run in thread.runs if run.final]) <= 1
            await self._compare_messages(thread)
            runs = await self._listed(f"/threads/{thread.id}/runs")
            assert [run["id"] for run in runs] == [run.id for run in thread.runs]

    async def _compare_run(self, run: model.Run) -> None:
        path = f"/threads/{run.thread.id}/runs/{run.id}"
        body = await self.api.until(await self.api.get(path), run.status)
        if run.final is None and not run.active:
            run.final = body
        assert run.final is None or run.final == body
        assert body["metadata"] == run.metadata
        assert (body["expires_at"], body["usage"] is None) == ((run.expires_at, True) if run.active else (None, False))
        steps = await self._listed(f"{path}/steps")
        assert len(steps) == run.steps
        if not run.active:
            for tokens in ("prompt_tokens", "completion_tokens", "total_tokens"):
                assert body["usage"][tokens] == sum(step["usage"][tokens] for step in steps if step["usage"])
            assert all(step["status"] != "in_progress" for step in steps)
        action = body["required_action"]
        assert (action is not None) == (run.status == "requires_action")
        if action is not None:
            run.calls = [call["id"] for call in action["submit_tool_outputs"]["tool_calls"]]
            assert run.calls == [call["id"] for call in steps[-1]["step_details"]["tool_calls"]]

    async def _compare_messages(self, thread: model.Thread) -> None:
        found = await self._listed(f"/threads/{thread.id}/messages")
        assert len(found) == len(thread.messages)
        for body, message in zip(found, thread.messages, strict=True):
            message.id = message.id or body["id"]
            text = body["content"][0]["text"]["value"]
            about = (body["id"], body["role"], text, body["status"], body["metadata"], body["run_id"])
            run_id = message.run.id if message.run else None
            assert about == (message.id, message.role, message.text, message.status, message.metadata, run_id)
            assert body == await self.api.get(f"/threads/{thread.id}/messages/{message.id}")
        for run in thread.runs:
            of_run = await self.api.get(f"/threads/{thread.id}/messages", run_id=run.id)
            held = [message.id for message in thread.messages if message.run is run]
            assert [body["id"] for body in of_run["data"]] == held[::-1]

    async def _listed(self, path: str) -> list[Json]:
        """A listing, oldest first, read page by page forwards and, but for the object at its end, backwards."""
        order, limit = self.style
        forwards: list[Json] = []
        page: Json = {"has_more": True, "last_id": None}
        while page["has_more"]:
            page = await self.api.get(path, order=order, limit=limit, **_cursor("after", page["last_id"]))
            forwards += page["data"]
        if forwards:
            backwards: list[Json] = []
            page = {"has_more": True, "first_id": forwards[-1]["id"]}
            while page["has_more"]:
                page = await self.api.get(path, order=order, limit=limit, before=page["first_id"])
                backwards = page["data"] + backwards
            assert backwards == forwards[:-1]
        return forwards if order == "asc" else forwards[::-1]


def _cursor(name: str, found: str | None) -> dict[str, str]:
    return {name: found} if found else {}


def _bodies(posts: list[tuple[str, str]]) -> list[Json]:
    return [{"role": role, "content": text} for role, text in posts]


class ThreadsOfTwoServers(Threads):
    """Two servers on one database, asked in turn: nobody can tell them from one."""

    servers = 2


def _play(machine: type[Threads], examples: int, steps: int) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=examples < 10,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)


@pytest.mark.parametrize("machine", [Threads, ThreadsOfTwoServers])
def test_any_history_is_that_of_the_oracle(machine: type[Threads]) -> None:
    _play(machine, examples=6, steps=20)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("machine", [Threads, ThreadsOfTwoServers])
def test_any_long_history_is_that_of_the_oracle(machine: type[Threads]) -> None:
    _play(machine, examples=100, steps=40)
