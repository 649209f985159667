"""What the `openai` package raises, what its exceptions carry, and the headers of raw responses."""

from pathlib import Path
from typing import Any

import openai
import pytest

from tests.emulator.sdk.clients import BETA, async_client, done, sync_client
from tests.emulator.sdk.process import running
from tests.emulator.sdk.script import COURSE

pytestmark = [pytest.mark.anyio, BETA]


async def test_an_unknown_assistant_is_a_not_found_error(echo: Any) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await done(echo.beta.assistants.retrieve("asst_gone"))
    assert (caught.value.status_code, caught.value.code, caught.value.param) == (404, None, None)
    assert caught.value.body["message"] == "No assistant found with id 'asst_gone'."
    assert caught.value.type == "invalid_request_error"
    assert caught.value.request_id.startswith("req_")


async def test_an_unknown_file_is_a_not_found_error_with_its_param(echo: Any) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await done(echo.files.retrieve("file-gone"))
    assert (caught.value.code, caught.value.param) == (None, "id")
    assert caught.value.body["message"] == "No such File object: file-gone"


async def test_a_wrong_parameter_is_a_bad_request_error_that_names_it(echo: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await done(echo.beta.assistants.create(model="gpt-4o", metadata={"modified": True}))
    assert (caught.value.code, caught.value.param) == ("invalid_type", "metadata.modified")


async def test_a_second_run_is_a_bad_request_error_that_names_the_first(script: Any) -> None:
    assistant = await done(script.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=[COURSE]))
    thread = await done(script.beta.threads.create(messages=[{"role": "user", "content": "Which course?"}]))
    run = await done(script.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id))
    with pytest.raises(openai.BadRequestError, match=f"{thread.id} already has an active run {run.id}"):
        await done(script.beta.threads.runs.create(thread.id, assistant_id=assistant.id))
    with pytest.raises(openai.BadRequestError, match=f"while a run {run.id} is active"):
        await done(script.beta.threads.messages.create(thread.id, role="user", content="more"))
    with pytest.raises(openai.BadRequestError, match="Expected tool outputs for call_ids"):
        await done(script.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=[]))


async def test_a_wrong_key_is_an_authentication_error(tmp_path: Path) -> None:
    with running(tmp_path / "local.db", "--api-key", "right") as url:
        with sync_client(url, []) as client:
            with pytest.raises(openai.AuthenticationError) as caught:
                client.models.list()
            assert (caught.value.code, caught.value.status_code) == ("invalid_api_key", 401)
            assert client.with_options(api_key="right").beta.assistants.list().data == []
        async with async_client(url, []) as client:
            with pytest.raises(openai.AuthenticationError):
                await client.models.list()


async def test_raw_responses_carry_the_headers_of_the_service(echo: Any) -> None:
    raw = await done(echo.beta.threads.with_raw_response.create())
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.headers["openai-version"] == "2020-10-01"
    assert raw.headers["openai-processing-ms"].isdigit()
    assert raw.headers["content-type"] == "application/json"
    thread = await done(raw.parse())
    assert thread._request_id == raw.headers["x-request-id"]


async def test_an_active_run_says_when_to_look_again(script: Any) -> None:
    assistant = await done(script.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=[COURSE]))
    thread = await done(script.beta.threads.create(messages=[{"role": "user", "content": "hello"}]))
    raw = await done(script.beta.threads.runs.with_raw_response.create(thread.id, assistant_id=assistant.id))
    assert 0 < int(raw.headers["openai-poll-after-ms"]) < 1000
