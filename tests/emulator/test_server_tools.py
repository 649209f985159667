"""Runs that use the server's own tools: code that is run, files that are searched, citations of what was found."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from asstctl.emulator.code.sandbox import CodeFile, CodeResult
from asstctl.emulator.knowledge.knowledge import Hit
from asstctl.emulator.replies.values import (
    CallMade,
    CodeRan,
    FilesSearched,
    Part,
    Passage,
    ReplyRequest,
    RunCode,
    SearchFiles,
    TextDelta,
    ToolCall,
    Usage,
)
from asstctl.emulator.runs import execution
from tests.emulator.harness import ASK, Api, Backend, Clock, serving
from tests.emulator.streams import Told, names, only, read, reading

pytestmark = pytest.mark.anyio

_CODE: Any = {"type": "code_interpreter"}
_SEARCH: Any = {"type": "file_search"}
_CALL = ToolCall("ask_database", '{"query": "SELECT 1"}')
_STARTED = ["run.created", "run.queued", "run.in_progress"]
_STEP = ["run.step.created", "run.step.in_progress"]
_MESSAGE = [*_STEP, "message.created", "message.in_progress"]
_COMPLETED = ["message.completed", "run.step.completed", "run.completed", "done"]
_RANKING = {"ranker": "default_2024_08_21", "score_threshold": 0.0}
_CONTENT = "step_details.tool_calls[*].file_search.results[*].content"
_HITS = [
    Hit("file-1", "guide.md", 0.9, {"lang": "en"}, "Turn it off."),
    Hit("file-1", "guide.md", 0.8, {"lang": "en"}, "Turn it on."),
    Hit("file-2", "more.md", 0.1, {}, "Or not."),
]


class FakeSandbox:
    """Prints the code back; `print()` prints nothing."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str], list[CodeFile]]] = []
        self.forgotten: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.fault: Exception | None = None

    async def run(
        self, run_id: str, code: str, *, earlier: Sequence[str] = (), files: Sequence[CodeFile] = ()
    ) -> CodeResult:
        self.asked.append((code, list(earlier), list(files)))
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return CodeResult("" if code == "print()" else f"{code}!\n\ud800", failed=code == "1/0")

    def forget(self, run_id: str) -> None:
        self.forgotten.append(run_id)


class FakeKnowledge:
    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def settled(self, services: Any, store_ids: Sequence[str]) -> None:
        await self.gate.wait()

    async def search(
        self, services: Any, store_ids: Sequence[str], queries: Sequence[str], *, limit: int, threshold: float
    ) -> list[Hit]:
        self.asked.append((list(store_ids), list(queries), limit, threshold))
        return _HITS[:limit]


class Tools:
    def __init__(self, api: Api, patch: pytest.MonkeyPatch) -> None:
        self.sandbox, self.knowledge = FakeSandbox(), FakeKnowledge()
        services = api.emulator.services
        for fake, real, methods in (
            (self.sandbox, services.sandbox, ("run", "forget")),
            (self.knowledge, services.knowledge, ("settled", "search")),
        ):
            for name in methods:
                patch.setattr(real, name, getattr(fake, name))


def _then_done(*parts: Part) -> Backend:
    return Backend(answer=lambda request: [TextDelta("done")] if request.results else list(parts))


async def _asked(api: Api, *tools: Any, stores: Any = (), **fields: Any) -> tuple[str, Any]:
    """Where and how to start a run of these tools, on a thread with a store that nobody checks any more."""
    assistant, thread = await api.assistant(tools=list(tools)), await api.thread("hello")
    for store_id in stores:
        _give(api, thread["id"], "file_search", "vector_store_ids", [store_id])
    return f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"], **fields}


def _give(api: Api, thread_id: str, tool: str, name: str, ids: list[str]) -> None:
    sql = "UPDATE threads SET body = json_set(body, ?, json_array(?)) WHERE id = ?"
    api.emulator.services.store.connection.execute(sql, (f"$.tool_resources.{tool}.{name}", *ids, thread_id))


async def _steps(api: Api, run: Any, **query: Any) -> Any:
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/steps"
    return (await api.get(path, order="asc", **query))["data"]


def _parts(told: list[Told]) -> list[Any]:
    return [delta["delta"]["step_details"]["tool_calls"][0] for delta in only(told, "run.step.delta")]


# Code


async def test_code_is_told_as_input_then_output_then_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(replies=_then_done(RunCode("1 + 1"))) as api:
        Tools(api, monkeypatch)
        path, body = await _asked(api, _CODE)
        told = await read(api.emulator, path, body)
        # A5: code interpreter
        deltas = ["run.step.delta"] * 5
        first = [*_STARTED, *_STEP, *deltas, "run.step.completed"]
        assert names(told) == [*first, *_MESSAGE, "message.delta", *_COMPLETED]
        assert only(told, "run.step.created")[0]["step_details"] == {"type": "tool_calls", "tool_calls": []}
        opened, *typed, printed = _parts(told)
        call_id = opened["id"]
        empty = {"input": "", "outputs": []}
        assert opened == {"index": 0, "id": call_id, "type": "code_interpreter", "code_interpreter": empty}
        assert typed == [
            {"index": 0, "type": "code_interpreter", "code_interpreter": {"input": text}} for text in ("1 ", "+ ", "1")
        ]
        logs = {"type": "logs", "logs": "1 + 1!\n?"}
        outputs = [{"index": 0, **logs}]
        assert printed == {"index": 0, "type": "code_interpreter", "code_interpreter": {"outputs": outputs}}
        (run,) = only(told, "run.completed")
        step, message_step = await _steps(api, run)
        assert step["step_details"]["tool_calls"] == [
            {
                "id": call_id,
                "type": "code_interpreter",
                "code_interpreter": {"input": "1 + 1", "outputs": [logs]},
            }
        ]
        assert only(told, "run.step.completed") == [step, message_step]
        assert run["usage"]["total_tokens"] == sum(each["usage"]["total_tokens"] for each in (step, message_step))


async def test_code_that_prints_nothing_has_no_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(replies=_then_done(RunCode("print()"))) as api:
        Tools(api, monkeypatch)
        path, body = await _asked(api, _CODE)
        told = await read(api.emulator, path, body)
        assert "".join(part["code_interpreter"]["input"] for part in _parts(told)) == "print()"
        assert not any(part["code_interpreter"].get("outputs") for part in _parts(told))
        step, _ = await _steps(api, only(told, "run.completed")[0])
        assert step["step_details"]["tool_calls"][0]["code_interpreter"]["outputs"] == []


async def test_code_sees_what_ran_before_it_in_the_run_and_is_then_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: ReplyRequest) -> list[Part]:
        turns: list[list[Part]] = [[RunCode("a"), RunCode("1/0")], [RunCode("c"), _CALL], [RunCode("d")]]
        return turns[len(request.rounds)] if len(request.rounds) < 3 else [TextDelta("done")]

    backend = Backend(answer=answer)
    async with serving(replies=backend) as api:
        tools = Tools(api, monkeypatch)
        path, body = await _asked(api, _CODE, ASK)
        run = await api.rest(await api.post(path, body))
        assert (run["status"], tools.sandbox.forgotten) == ("requires_action", [])
        run = await api.answer(run, "42")
        assert run["status"] == "completed"
        assert [(code, earlier) for code, earlier, _ in tools.sandbox.asked] == [
            ("a", []),
            ("1/0", ["a"]),
            ("c", ["a", "1/0"]),
            ("d", ["a", "1/0", "c"]),
        ]
        assert run["id"] in tools.sandbox.forgotten
    results = [result for earlier in backend.asked[-1].rounds for result in earlier.calls]
    assert [(type(result), getattr(result, "failed", None)) for result in results] == [
        (CodeRan, False),
        (CodeRan, True),
        (CodeRan, False),
        (CallMade, None),
        (CodeRan, False),
    ]
    assert isinstance(results[0], CodeRan)
    assert (results[0].code, results[0].logs) == ("a", "a!\n?")


async def test_code_is_given_the_files_of_run_and_thread_under_names_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(replies=_then_done(RunCode("a"))) as api:
        tools = Tools(api, monkeypatch)
        one, two, gone = [await api.file("data.csv", text) for text in (b"1", b"2", b"3")]
        of_run = {"code_interpreter": {"file_ids": [one["id"], gone["id"]]}}
        assistant = await api.assistant(tools=[_CODE], tool_resources=of_run)
        of_thread = {"code_interpreter": {"file_ids": [two["id"], one["id"]]}}
        thread = await api.post("/threads", {"tool_resources": of_thread})
        await api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": "hello"})
        await api.delete(f"/files/{gone['id']}")
        await api.run(thread["id"], assistant["id"])
        ((_, _, files),) = tools.sandbox.asked
        assert [(file.name, file.path.read_bytes()) for file in files] == [("data.csv", b"1"), ("data-2.csv", b"2")]


async def test_code_really_runs() -> None:
    code = "```python\nprint(6 * 7)\n```"
    async with serving() as api:
        assistant, thread = await api.assistant(tools=[_CODE]), await api.thread(code)
        run = await api.run(thread["id"], assistant["id"])
        assert (run["status"], await api.reply(run)) == ("completed", "42")


# Searches


async def test_a_search_is_told_empty_and_completed_with_results(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(replies=_then_done(SearchFiles("how"))) as api:
        tools = Tools(api, monkeypatch)
        path, body = await _asked(api, _SEARCH, stores=["vs_1"])
        told = await read(api.emulator, path, body)
        # A5: file search
        first = [*_STARTED, *_STEP, "run.step.delta", "run.step.completed"]
        assert names(told) == [*first, *_MESSAGE, "message.delta", *_COMPLETED]
        (part,) = _parts(told)
        search = {"ranking_options": _RANKING, "results": []}
        assert part == {"index": 0, "id": part["id"], "type": "file_search", "file_search": search}
        step = only(told, "run.step.completed")[0]
        found = [
            {"file_id": "file-1", "file_name": "guide.md", "score": 0.9, "attributes": {"lang": "en"}},
            {"file_id": "file-1", "file_name": "guide.md", "score": 0.8, "attributes": {"lang": "en"}},
            {"file_id": "file-2", "file_name": "more.md", "score": 0.1, "attributes": {}},
        ]
        assert step["step_details"]["tool_calls"][0]["file_search"]["results"] == found
        assert tools.knowledge.asked == [(["vs_1"], ["how"], 20, 0.0)]


async def test_what_was_found_is_shown_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(replies=_then_done(SearchFiles("how"))) as api:
        Tools(api, monkeypatch)
        path, body = await _asked(api, _SEARCH, stores=["vs_1"])
        told = await read(api.emulator, f"{path}?include[]={_CONTENT}", body)
        full = only(told, "run.step.completed")[0]
        results = full["step_details"]["tool_calls"][0]["file_search"]["results"]
        assert results[0]["content"] == [{"type": "text", "text": "Turn it off."}]
        (run,) = only(told, "run.completed")
        assert (await _steps(api, run, **{"include[]": _CONTENT}))[0] == full
        step_path = f"{path}/{run['id']}/steps/{full['id']}"
        assert await api.get(step_path, **{"include[]": _CONTENT}) == full
        short = await api.get(step_path)
        assert "content" not in short["step_details"]["tool_calls"][0]["file_search"]["results"][0]
        assert (await api.refused("GET", f"{step_path}?include[]=usage"))[1]["param"] == "include[0]"


@pytest.mark.parametrize(
    ("stands", "meanwhile"),
    [
        ("UPDATE steps SET body = json_set(body, '$.step_details.tool_calls[0].file_search.results', json('[]'))", ""),
        ("", "DELETE FROM threads"),
    ],
    ids=["found since", "deleted since"],
)
async def test_what_another_server_writes_while_a_step_is_read_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, stands: str, meanwhile: str
) -> None:
    async with serving(replies=_then_done(SearchFiles("how"))) as api:
        Tools(api, monkeypatch)
        path, body = await _asked(api, _SEARCH, stores=["vs_1"])
        run = only(await read(api.emulator, path, body), "run.completed")[0]
        store = api.emulator.services.store
        step_id = (await _steps(api, run))[0]["id"]
        store.connection.execute(stands)
        notes = store.notes

        def later(*args: Any) -> Any:
            store.connection.execute(meanwhile)
            return notes(*args)

        monkeypatch.setattr(store, "notes", later)
        step = await api.get(f"{path}/{run['id']}/steps/{step_id}", **{"include[]": _CONTENT})
        assert step["step_details"]["tool_calls"][0]["file_search"]["results"] == []


@pytest.mark.parametrize(
    ("model", "options", "expected"),
    [
        ("gpt-4o", {}, (20, 0.0)),
        ("gpt-3.5-turbo", {}, (5, 0.0)),  # A3: 5 for gpt-3.5
        ("gpt-3.5-turbo", {"max_num_results": 7}, (7, 0.0)),
        ("gpt-4o", {"max_num_results": 1, "ranking_options": {"score_threshold": 0.5}}, (1, 0.5)),
    ],
)
async def test_the_tool_says_how_much_a_search_finds(
    monkeypatch: pytest.MonkeyPatch, model: str, options: Any, expected: Any
) -> None:
    async with serving(replies=_then_done(SearchFiles("how"))) as api:
        tools = Tools(api, monkeypatch)
        tool = {**_SEARCH, "file_search": options}
        path, body = await _asked(api, tool, stores=["vs_1"], model=model)
        run = await api.rest(await api.post(path, body))
        assert tools.knowledge.asked == [(["vs_1"], ["how"], *expected)]
        step, _ = await _steps(api, run)
        shown = step["step_details"]["tool_calls"][0]["file_search"]
        assert shown["ranking_options"]["score_threshold"] == expected[1]
        assert len(shown["results"]) == min(3, expected[0])


async def test_without_a_store_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(replies=_then_done(SearchFiles("how"))) as api:
        tools = Tools(api, monkeypatch)
        path, body = await _asked(api, _SEARCH)
        run = await api.rest(await api.post(path, body))
        step, _ = await _steps(api, run)
        assert step["step_details"]["tool_calls"][0]["file_search"]["results"] == []
        assert tools.knowledge.asked == []


# Citations


def _cite(request: ReplyRequest) -> list[Part]:
    if not request.results:
        return [SearchFiles("how")]
    (searched,) = request.results
    assert isinstance(searched, FilesSearched)
    one, _, two = (passage.marker for passage in searched.passages)
    text = f"Off{one}, on{two[:3]}"
    return [TextDelta(text), TextDelta(two[3:]), TextDelta(". 【sic】")]


async def test_a_citation_is_a_delta_of_its_own_and_an_annotation(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend(answer=_cite)
    async with serving(replies=backend) as api:
        Tools(api, monkeypatch)
        path, body = await _asked(api, _SEARCH, stores=["vs_1"])
        told = await read(api.emulator, path, body)
        texts = [delta["delta"]["content"][0]["text"] for delta in only(told, "message.delta")]
        # A5: citations arrive in a delta whose value is the marker
        values = ["Off", "【1:0†guide.md】", ", on", "【1:2†more.md】", ". 【sic】"]
        assert [text["value"] for text in texts] == values
        assert [text.get("annotations") for text in texts] == [
            [],
            [_told(0, "【1:0†guide.md】", 3, "file-1")],
            None,
            [_told(1, "【1:2†more.md】", 21, "file-2")],
            None,
        ]
        (message,) = only(told, "message.completed")
        text = message["content"][0]["text"]
        assert text["value"] == "".join(values)
        for annotation in text["annotations"]:
            assert text["value"][annotation["start_index"] : annotation["end_index"]] == annotation["text"]
        assert text["annotations"] == [
            _kept("【1:0†guide.md】", 3, "file-1"),
            _kept("【1:2†more.md】", 21, "file-2"),
        ]
        assert message == await api.get(f"/threads/{message['thread_id']}/messages/{message['id']}")
    passages = tuple(
        Passage(f"【1:{index}†{hit.filename}】", hit.file_id, hit.filename, hit.score, hit.text)
        for index, hit in enumerate(_HITS)
    )
    (searched,) = backend.asked[1].results
    assert isinstance(searched, FilesSearched)
    assert (searched.query, searched.passages) == ("how", passages)


def _kept(text: str, start: int, file_id: str) -> Any:
    places = {"start_index": start, "end_index": start + len(text)}
    return {"type": "file_citation", "text": text, **places, "file_citation": {"file_id": file_id}}


def _told(index: int, text: str, start: int, file_id: str) -> Any:
    cited = {"file_id": file_id, "quote": ""}
    return {"index": index, **_kept(text, start, file_id), "file_citation": cited}


async def test_two_searches_of_one_run_have_different_markers(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: ReplyRequest) -> list[Part]:
        if len(request.rounds) < 2:
            return [SearchFiles("one"), SearchFiles("two")]
        return [TextDelta("done")]

    backend = Backend(answer=answer)
    async with serving(replies=backend) as api:
        Tools(api, monkeypatch)
        path, body = await _asked(api, _SEARCH, stores=["vs_1"])
        await api.rest(await api.post(path, body))
    passages = [
        passage.marker
        for earlier in backend.asked[-1].rounds
        for call in earlier.calls
        if isinstance(call, FilesSearched)
        for passage in call.passages
    ]
    assert len(passages) == len(set(passages)) == 12


# Several tools at once


async def test_the_servers_tools_are_done_when_the_client_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = _then_done(TextDelta("Let me see."), RunCode("a"), _CALL, SearchFiles("how"), Usage(10, 5))
    async with serving(replies=backend) as api:
        Tools(api, monkeypatch)
        path, body = await _asked(api, _CODE, _SEARCH, ASK, stores=["vs_1"])
        told = await read(api.emulator, path, body)
        assert names(told)[-3:] == ["run.step.delta", "run.requires_action", "done"]
        # A5: code empty, its input, its output; the search, whose results come with the step; the function last
        assert [part["index"] for part in _parts(told)] == [0, 0, 0, 1, *[2] * 5]
        (run,) = only(told, "run.requires_action")
        (asked,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        assert asked["function"]["name"] == "ask_database"
        spoken, waiting = await _steps(api, run)
        calls = waiting["step_details"]["tool_calls"]
        assert [call["type"] for call in calls] == ["code_interpreter", "file_search", "function"]
        assert (waiting["status"], waiting["usage"]) == ("in_progress", None)
        assert calls[0]["code_interpreter"]["outputs"]
        assert len(calls[1]["file_search"]["results"]) == 3
        run = await api.answer(run, "42")
        _, step, last = await _steps(api, run)
        assert step["status"] == "completed"
        assert [call["id"] for call in step["step_details"]["tool_calls"]] == [call["id"] for call in calls]
        assert step["step_details"]["tool_calls"][2]["function"]["output"] == "42"
        assert run["usage"]["prompt_tokens"] == 10 + last["usage"]["prompt_tokens"]
        assert spoken["usage"]["total_tokens"] == 15
    (earlier,) = backend.asked[-1].rounds
    assert earlier.text == "Let me see."
    assert [type(call) for call in earlier.calls] == [CodeRan, FilesSearched, CallMade]


async def test_without_parallel_calls_only_the_first_tool_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(replies=_then_done(RunCode("a"), _CALL)) as api:
        Tools(api, monkeypatch)
        path, body = await _asked(api, _CODE, ASK, parallel_tool_calls=False)
        run = await api.rest(await api.post(path, body))
        assert run["status"] == "completed"
        assert len((await _steps(api, run))[0]["step_details"]["tool_calls"]) == 1


async def test_a_model_that_never_stops_using_tools_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "MAX_TURNS", 3)
    async with serving(replies=Backend(RunCode("a"))) as api:
        Tools(api, monkeypatch)
        path, body = await _asked(api, _CODE)
        run = await api.rest(await api.post(path, body))
        assert (run["status"], run["last_error"]["code"]) == ("failed", "invalid_prompt")
        assert "3 turns in a row" in run["last_error"]["message"]
        assert [step["status"] for step in await _steps(api, run)] == ["completed"] * 3


@pytest.mark.parametrize("part", [RunCode("a"), SearchFiles("how")])
async def test_a_tool_that_the_run_lacks_fails_it(part: Part) -> None:
    async with serving(replies=Backend(part)) as api:
        path, body = await _asked(api, ASK)
        run = await api.rest(await api.post(path, body))
        assert (run["status"], "does not have" in run["last_error"]["message"]) == ("failed", True)


@pytest.mark.parametrize(
    ("choice", "parts", "met"),
    [
        (_CODE, [RunCode("a")], True),
        (_CODE, [_CALL], False),
        (_SEARCH, [TextDelta("no")], False),
        (_SEARCH, [RunCode("a"), SearchFiles("how")], True),
        ("required", [RunCode("a")], True),
        ("required", [TextDelta("no")], False),
        ({"type": "function", "function": {"name": "ask_database"}}, [RunCode("a")], False),
    ],
)
async def test_a_tool_choice_is_met_by_its_tool(
    monkeypatch: pytest.MonkeyPatch, choice: Any, parts: list[Part], met: bool
) -> None:
    async with serving(replies=_then_done(*parts)) as api:
        Tools(api, monkeypatch)
        path, body = await _asked(api, _CODE, _SEARCH, ASK, tool_choice=choice)
        run = await api.rest(await api.post(path, body))
        assert run["status"] == ("completed" if met else "failed")
        assert met or "demands a call" in run["last_error"]["message"]


@pytest.mark.parametrize("choice", [_CODE, _SEARCH])
async def test_a_tool_choice_names_a_tool_of_the_run(api: Api, choice: Any) -> None:
    path, body = await _asked(api, ASK, tool_choice=choice)
    status, error = await api.refused("POST", path, body)
    assert (status, error["param"], error["code"]) == (400, "tool_choice.type", "invalid_value")


# Ends in the middle


async def _until_code_runs(tools: Tools, events: Any) -> None:
    async for name, _ in events:
        if name == "thread.run.step.delta" and tools.sandbox.asked:
            return


async def test_a_cancel_while_code_runs_closes_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(replies=_then_done(RunCode("a"))) as api:
        tools = Tools(api, monkeypatch)
        tools.sandbox.gate.clear()
        path, body = await _asked(api, _CODE)
        async with reading(api.emulator, path, body) as events:
            run = (await anext(events))[1]
            await _until_code_runs(tools, events)
            (step,) = await _steps(api, run)
            assert step["step_details"]["tool_calls"][0]["code_interpreter"] == {"input": "a", "outputs": []}
            await api.post(f"{path}/{run['id']}/cancel")
            told = [event async for event in events if event[0] != "thread.run.step.delta"]
        assert names(told) == ["run.cancelling", "run.step.cancelled", "run.cancelled", "done"]
        (step,) = await _steps(api, run)
        assert (step["status"], step["expires_at"]) == ("cancelled", None)
        assert run["id"] in tools.sandbox.forgotten


async def test_a_run_expires_while_it_waits_for_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asstctl.emulator.runs.creation.LIFETIME", 1)
    async with serving(replies=_then_done(SearchFiles("how")), clock=Clock(1_800_000_000.98)) as api:
        tools = Tools(api, monkeypatch)
        tools.knowledge.gate.clear()
        path, body = await _asked(api, _SEARCH, stores=["vs_1"])
        told = await read(api.emulator, path, body)
        assert names(told)[-3:] == ["run.step.expired", "run.expired", "done"]


async def test_a_sandbox_that_breaks_fails_the_run_and_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(replies=_then_done(RunCode("a"))) as api:
        tools = Tools(api, monkeypatch)
        tools.sandbox.fault = RuntimeError("secret")
        path, body = await _asked(api, _CODE)
        told = await read(api.emulator, path, body)
        assert names(told)[-3:] == ["run.step.failed", "run.failed", "done"]
        error = only(told, "run.failed")[0]["last_error"]
        assert (error["code"], "secret" in error["message"]) == ("server_error", False)


async def test_a_thread_deleted_while_code_runs_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(replies=_then_done(RunCode("a"))) as api:
        tools = Tools(api, monkeypatch)
        tools.sandbox.gate.clear()
        path, body = await _asked(api, _CODE)
        async with reading(api.emulator, path, body) as events:
            run = (await anext(events))[1]
            await _until_code_runs(tools, events)
            await api.delete(f"/threads/{run['thread_id']}")
            told = [event async for event in events if event[0] != "thread.run.step.delta"]
        assert names(told) == ["error", "done"]
        assert not api.emulator.services.executor.executes(run["id"])
