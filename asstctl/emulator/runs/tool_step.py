"""A step in which the server's own tools work: code is run, files are searched. What functions do is the client's."""

from collections.abc import Iterator
from typing import Any

from asstctl.emulator.code.sandbox import CodeFile
from asstctl.emulator.json_text import sendable
from asstctl.emulator.objects import STEP, THREAD
from asstctl.emulator.replies.asked import Asked
from asstctl.emulator.replies.values import CodeRan, ReplyRequest
from asstctl.emulator.runs.citations import marker
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.hold import Hold, new_step, opened
from asstctl.emulator.runs.inputs import run_files
from asstctl.emulator.runs.states import step_ended
from asstctl.emulator.runs.tool_calls import (
    asked_calls,
    asked_deltas,
    logs_delta,
    search_limits,
    with_calls,
)
from asstctl.emulator.store import Body

Json = Any


class ToolStep:
    """One step of calls: opened by `open`, told and worked on by `serve`, closed by whoever answers last."""

    def __init__(self, hold: Hold, run: Body, request: ReplyRequest) -> None:
        self._hold = hold
        self._run = run
        self._request = request
        self.body: Body = {}
        self._notes: Body = {}
        self._found = 0

    def open(self, asked: list[Asked], usage: Body) -> list[Event]:
        """Inside a transaction: the step with its calls, none of them answered. The stream is told of it without."""
        calls, notes = asked_calls(asked, self._run["tools"])
        self.body = new_step(self._run, self._hold.now(), {"type": "tool_calls", "tool_calls": calls})
        # The wire shows a step's usage only once the step is over.
        self._notes = {"usage": usage, "calls": notes}
        self._hold.store.insert(STEP, self.body, notes=self._notes)
        return opened("thread.run.step", STEP.show(with_calls(self.body, [])))

    async def serve(self) -> None:
        """Tell of the calls and do what the server can do, one after the other.

        A reader takes a call for done when it is told of another, so its output is told first.
        """
        for index, call in enumerate(self.body["step_details"]["tool_calls"]):
            self._hold.tell(Event("thread.run.step.delta", delta) for delta in asked_deltas(self.body, index))
            match call["type"]:
                case "code_interpreter":
                    await self._run_code(index, call)
                case "file_search":
                    await self._search(index, call)

    def complete(self) -> list[Event]:
        """Inside a transaction: every call is answered."""
        self.body = step_ended(self.body, "completed", self._hold.now(), self._notes["usage"])
        self._hold.store.replace(STEP, self.body)
        return [Event("thread.run.step.completed", STEP.show(self.body))]

    async def _run_code(self, index: int, call: Json) -> None:
        services, code = self._hold.services, call["code_interpreter"]["input"]
        files = [CodeFile(name, path) for name, path in run_files(services, self._run, self._thread())]
        ran = await services.sandbox.run(self._run["id"], code, earlier=list(self._earlier(index)), files=files)
        logs = sendable(ran.logs)
        outputs = [{"type": "logs", "logs": logs}] if logs else []
        answered = {**call, "code_interpreter": {"input": code, "outputs": outputs}}
        self._answer(index, answered, {"failed": ran.failed})
        if logs:
            self._hold.tell([Event("thread.run.step.delta", logs_delta(self.body, index, logs))])

    def _earlier(self, index: int) -> Iterator[str]:
        """The code that this run has run already, oldest first."""
        for earlier in self._request.rounds:
            yield from (call.code for call in earlier.calls if isinstance(call, CodeRan))
        for call in self.body["step_details"]["tool_calls"][:index]:
            if call["type"] == "code_interpreter":
                yield call["code_interpreter"]["input"]

    async def _search(self, index: int, call: Json) -> None:
        services, note = self._hold.services, self._notes["calls"][call["id"]]
        limit, threshold = search_limits(self._run["tools"], self._run["model"])
        hits = []
        stores = self._stores()
        if stores:
            await services.knowledge.settled(services, stores)
            hits = await services.knowledge.search(services, stores, [note["query"]], limit=limit, threshold=threshold)
        results = [
            {"file_id": hit.file_id, "file_name": hit.filename, "score": hit.score, "attributes": dict(hit.attributes)}
            for hit in hits
        ]
        # Numbered through the step, whose position no other step of the conversation has.
        position = len(self._request.messages) + len(self._request.rounds)
        markers = [marker(position, self._found + number, hit.filename) for number, hit in enumerate(hits)]
        self._found += len(hits)
        answered = {**call, "file_search": {**call["file_search"], "results": results}}
        self._answer(index, answered, {**note, "markers": markers, "texts": [hit.text for hit in hits]})

    def _answer(self, index: int, call: Json, note: Body) -> None:
        calls = list(self.body["step_details"]["tool_calls"])
        calls[index] = call
        step = with_calls(self.body, calls)
        self._notes = {**self._notes, "calls": {**self._notes["calls"], call["id"]: note}}
        with self._hold.write():
            self._hold.store.replace(STEP, step, notes=self._notes)
        self.body = step

    def _thread(self) -> Body:
        return self._hold.store.find(THREAD, self._run["thread_id"]) or {"tool_resources": {}}

    def _stores(self) -> list[str]:
        """The stores of the run and those of its thread."""
        held = [each["tool_resources"].get("file_search", {}) for each in (self._run, self._thread())]
        return list(dict.fromkeys(store for each in held for store in each.get("vector_store_ids", ())))
