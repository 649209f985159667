"""Models: the listing, and the names that cannot be used with the Assistants API."""

from typing import Any

import openai
import pytest

from tests.emulator.harness import Api, serving

pytestmark = pytest.mark.anyio

_TUNED = "ft:gpt-4o-mini:acme:suffix:abc123"


async def test_models_list_the_known_names_and_those_of_assistants(api: Api) -> None:
    assistant = await api.assistant(model="my-model")
    await api.assistant(model="gpt-4o")
    listed = await api.get("/models")
    assert listed["object"] == "list"
    names = [model["id"] for model in listed["data"]]
    assert {"gpt-4o", "gpt-4o-mini", "my-model"} <= set(names)
    assert len(names) == len(set(names))
    mine = next(model for model in listed["data"] if model["id"] == "my-model")
    expected = {"id": "my-model", "object": "model", "created": assistant["created_at"], "owned_by": "user"}
    assert mine == expected == await api.get("/models/my-model")


async def test_a_model_may_have_a_slash_in_its_name(api: Api) -> None:
    await api.assistant(model="acme/llama")
    assert (await api.get("/models/acme/llama"))["id"] == "acme/llama"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_an_unknown_model_is_404(api: Api, method: str) -> None:
    status, error = await api.refused(method, "/models/gpt-x")
    assert (status, error["message"], error["code"]) == (404, "The model 'gpt-x' does not exist", "model_not_found")


async def test_a_fine_tuned_model_can_be_deleted(api: Api) -> None:
    # A2: plain `model` in the delete body
    await api.assistant(model=_TUNED)
    assert await api.delete(f"/models/{_TUNED}") == {"id": _TUNED, "object": "model", "deleted": True}
    assert (await api.refused("GET", f"/models/{_TUNED}"))[0] == 404
    assert (await api.refused("DELETE", f"/models/{_TUNED}"))[0] == 404


async def test_any_other_model_cannot_be_deleted(api: Api) -> None:
    status, error = await api.refused("DELETE", "/models/gpt-4o")
    assert (status, error["message"]) == (403, "The model 'gpt-4o' cannot be deleted: only fine-tuned models can.")
    assert (await api.get("/models/gpt-4o"))["id"] == "gpt-4o"


@pytest.mark.parametrize(
    "model",
    [
        "text-embedding-3-small",
        "text-embedding-ada-002",
        "tts-1-hd",
        "whisper-1",
        "dall-e-3",
        "omni-moderation-latest",
        "text-moderation-stable",
        "gpt-4o-mini-transcribe",
        "gpt-4o-realtime-preview",
        "gpt-image-1",
        "gpt-3.5-turbo-instruct",
        "davinci-002",
    ],
)
async def test_a_model_for_something_else_is_refused(api: Api, model: str) -> None:
    # A1: model unusable
    assistant, thread = await api.assistant(), await api.thread("hello")
    requests: list[tuple[str, Any]] = [
        ("/assistants", {"model": model}),
        (f"/assistants/{assistant['id']}", {"model": model}),
        (f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"], "model": model}),
        ("/threads/runs", {"assistant_id": assistant["id"], "model": model}),
    ]
    for path, body in requests:
        status, error = await api.refused("POST", path, body)
        message = f"The requested model '{model}' cannot be used with the Assistants API."
        found = (status, error["message"], error["param"], error["code"])
        assert found == (400, message, "model", "unsupported_model")


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-2024-08-06", "gpt-5.2", "m", "qwen2.5:7b", "acme/whisper-chat"])
async def test_any_other_name_is_taken(api: Api, model: str) -> None:
    assert (await api.assistant(model=model))["model"] == model


async def test_a_lenient_server_takes_every_model() -> None:
    async with serving(lenient=True) as api:
        assert (await api.assistant(model="tts-1"))["model"] == "tts-1"


async def test_a_model_has_a_name(api: Api) -> None:
    # A1: in the words of its other limits; a lenient server takes none, and lists none
    assistant, thread = await api.assistant(), await api.thread("hello")
    for path, body in (
        ("/assistants", {}),
        (f"/assistants/{assistant['id']}", {}),
        (f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]}),
        ("/threads/runs", {"assistant_id": assistant["id"]}),
    ):
        status, error = await api.refused("POST", path, {**body, "model": ""})
        assert (status, error["param"], error["code"]) == (400, "model", "invalid_value")
        assert error["message"].startswith("Invalid 'model': empty string.")
    async with serving(lenient=True) as lenient:
        await lenient.assistant(model="")
        assert "" not in [model["id"] for model in (await lenient.get("/models"))["data"]]


async def test_the_sdk_lists_and_reads_models(api: Api) -> None:
    client = openai.AsyncOpenAI(
        api_key="k", base_url="http://local/v1", http_client=api.http, _strict_response_validation=True
    )
    names = [model.id async for model in client.models.list()]
    assert (await client.models.retrieve(names[0])).id == names[0]
