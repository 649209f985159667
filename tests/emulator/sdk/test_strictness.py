"""A6: where the wire shows null and the types of the package say string, a strict reading refuses, a usual one not.

All other tests of this folder read strictly, and therefore give instructions to runs and names to vector stores.
"""

from typing import Any

import openai
import pytest

from tests.emulator.sdk.clients import BETA, done

pytestmark = [pytest.mark.anyio, BETA]


async def test_a6_a_run_without_instructions_shows_null(echo: Any) -> None:
    assistant = await done(echo.beta.assistants.create(model="gpt-4o"))
    thread = await done(echo.beta.threads.create(messages=[{"role": "user", "content": "hello"}]))
    with pytest.raises(openai.APIResponseValidationError) as caught:
        await done(echo.beta.threads.runs.create(thread.id, assistant_id=assistant.id))
    assert caught.value.body["instructions"] is None


async def test_a6_a_vector_store_without_a_name_shows_null(echo: Any) -> None:
    with pytest.raises(openai.APIResponseValidationError) as caught:
        await done(echo.vector_stores.create())
    assert caught.value.body["name"] is None


def test_a6_the_usual_reading_takes_both_nulls(echo_url: str) -> None:
    with openai.OpenAI(base_url=echo_url, api_key="any", max_retries=0) as client:
        assistant = client.beta.assistants.create(model="gpt-4o")
        thread: Any = {"messages": [{"role": "user", "content": "hello"}]}
        run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)
        assert (run.status, run.instructions) == ("completed", None)
        assert client.vector_stores.create().name is None
