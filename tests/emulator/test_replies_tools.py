"""The tools of the server over the wire, with every backend: code runs, files are found, replies cite them."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from asstctl.emulator.replies.chat import Chat, ChatSettings
from tests.emulator.harness import Api, serving

pytestmark = pytest.mark.anyio

_CODE = {"type": "code_interpreter"}
_SEARCH = {"type": "file_search"}


async def _steps(api: Api, run: Any) -> list[Any]:
    steps = await api.get(f"/threads/{run['thread_id']}/runs/{run['id']}/steps", order="asc")
    return [step["step_details"] for step in steps["data"]]


async def _with_table(api: Api) -> Any:
    table = await api.file("table.csv", b"name,age\nAnn,3\nBob,4\n")
    return await api.assistant(tools=[_CODE], tool_resources={"code_interpreter": {"file_ids": [table["id"]]}})


async def _with_guide(api: Api, *tools: Any) -> Any:
    guide = await api.file("guide.md", b"# Guide\n\nUse asstctl plan to see what would change.\n")
    store = await api.post("/vector_stores", {"file_ids": [guide["id"]]})
    resources = {"file_search": {"vector_store_ids": [store["id"]]}}
    return await api.assistant(tools=[_SEARCH, *tools], tool_resources=resources)


def _script(folder: Path, rules: str) -> dict[str, str]:
    file = folder / "demo.replies.yaml"
    file.write_text(rules, encoding="utf-8")
    return {"script": str(file)}


async def test_a_rule_answers_with_what_its_code_printed(tmp_path: Path) -> None:
    # A5: the message step follows the step of the code
    rules = """
rules:
  - user: solve
    code: print((14 - 11) / 3)
  - tool: code_interpreter
    say: "x is {{ output }}."
"""
    async with serving(replies=_script(tmp_path, rules)) as api:
        assistant, thread = await api.assistant(tools=[_CODE]), await api.thread("solve 3x + 11 = 14")
        run = await api.run(thread["id"], assistant["id"])
        assert (run["status"], await api.reply(run)) == ("completed", "x is 1.0.")
        ran, said = await _steps(api, run)
        assert ran["tool_calls"][0]["code_interpreter"] == {
            "input": "print((14 - 11) / 3)",
            "outputs": [{"type": "logs", "logs": "1.0\n"}],
        }
        assert said["type"] == "message_creation"


async def test_code_of_several_rounds_shares_variables_and_files(tmp_path: Path) -> None:
    rules = """
rules:
  - user: how old
    code: |
      lines = open("table.csv").read().split()
      print(len(lines))
  - tool: code_interpreter
    output: ^3$
    code: sum(int(line.split(",")[1]) for line in lines[1:])
  - tool: code_interpreter
    say: "{{ output }} together"
"""
    async with serving(tmp_path / "state.sqlite", replies=_script(tmp_path, rules)) as api:
        assistant, thread = await _with_table(api), await api.thread("how old are they?")
        run = await api.run(thread["id"], assistant["id"])
        assert await api.reply(run) == "7 together"


async def test_a_rule_for_a_tool_that_the_assistant_lacks_fails_the_run(tmp_path: Path) -> None:
    async with serving(replies=_script(tmp_path, "rules: [{code: '1'}]")) as api:
        assistant, thread = await api.assistant(), await api.thread("hi")
        run = await api.run(thread["id"], assistant["id"])
        assert run["last_error"] == {
            "code": "invalid_prompt",
            "message": "demo.replies.yaml:1: `code` needs the tool code_interpreter, which this run does not have.",
        }


async def test_echo_runs_the_code_of_a_message(api: Api) -> None:
    assistant, thread = (
        await _with_table(api),
        await api.thread("Run this:\n```python\nprint(open('table.csv').read())\n```"),
    )
    run = await api.run(thread["id"], assistant["id"])
    assert await api.reply(run) == "name,age\nAnn,3\nBob,4"


async def test_echo_cites_what_it_found(api: Api) -> None:
    assistant, thread = await _with_guide(api), await api.thread("how do I see what would change?")
    run = await api.run(thread["id"], assistant["id"])
    (message,) = (await api.get(f"/threads/{thread['id']}/messages", run_id=run["id"]))["data"]
    text = message["content"][0]["text"]
    (annotation,) = text["annotations"]
    assert text["value"].startswith("# Guide\nUse asstctl plan to see what would change.")
    assert text["value"][annotation["start_index"] : annotation["end_index"]] == annotation["text"]


async def test_a_real_model_searches_runs_code_and_cites() -> None:
    asked: list[Any] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(json.loads(request.content))
        told = [message["content"] for message in asked[-1]["messages"] if message["role"] == "tool"]
        if len(told) < 2:
            call = [("file_search", {"query": "plan"}), ("code_interpreter", {"code": "6 * 7"})][len(told)]
            function = {"name": call[0], "arguments": json.dumps(call[1])}
            deltas: list[Any] = [{"tool_calls": [{"index": 0, "id": "theirs", "function": function}]}]
        else:
            cited = told[0].partition("such as ")[2].partition(",")[0]
            deltas = [{"content": "It is "}, {"content": f"{told[1].strip()}{cited[:5]}"}, {"content": f"{cited[5:]}."}]
        chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, text="".join(lines))

    backend = Chat(ChatSettings.read({"base_url": "https://model.test/v1"}), httpx2.MockTransport(answer))
    async with serving(replies=backend) as api:
        assistant, thread = await _with_guide(api, _CODE), await api.thread("what is it?")
        run = await api.run(thread["id"], assistant["id"])
        assert run["status"] == "completed", run["last_error"]
        (message,) = (await api.get(f"/threads/{thread['id']}/messages", run_id=run["id"]))["data"]
        text = message["content"][0]["text"]
        (annotation,) = text["annotations"]
        assert text["value"] == f"It is 42{annotation['text']}."
        assert [details["type"] for details in await _steps(api, run)] == [
            "tool_calls",
            "tool_calls",
            "message_creation",
        ]
    assert len(asked) == 3
