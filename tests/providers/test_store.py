"""AssistantsStore and the front over a server that is not ours: hosts without the API, odd orders, odd ids."""

from collections.abc import Callable

import httpx2
import pytest

from asstctl.core.errors import BadAnswer, NoSuchApi, Refused
from asstctl.core.resource import Live
from asstctl.core.thread import Said
from asstctl.providers.assistants.dialects import LITELLM
from asstctl.providers.assistants.provider import Provider, open_provider
from asstctl.providers.assistants.store import oldest_first
from asstctl.providers.settings import AssistantsSettings

pytestmark = pytest.mark.anyio

Handler = Callable[[httpx2.Request], httpx2.Response]


def provider(handler: Handler, place: str = "example.org") -> Provider:
    return Provider(f"https://{place}/v1", httpx2.MockTransport(handler), place=place, key="sesame-open-123")


def assistant(id: str) -> dict[str, object]:
    return {"id": id, "object": "assistant", "created_at": 1, "model": "m", "tools": []}


@pytest.mark.parametrize(
    ("place", "owner"),
    [
        ("api.openai.com", "OpenAI"),
        ("eu.api.openai.com", "OpenAI"),
        ("Mine.openai.azure.com:443", "Azure OpenAI"),
        ("mine.cognitiveservices.azure.com", "Azure OpenAI"),
    ],
)
@pytest.mark.parametrize("body", [{"error": {"message": "Invalid URL"}}, {"error": {"message": "x"}}, {}])
async def test_a_host_that_closed_the_api_is_named(place: str, owner: str, body: object) -> None:
    """Whatever its 404 says, the message tells who ended it, when, and the way on."""
    async with provider(lambda _: httpx2.Response(404, json=body), place) as opened:
        with pytest.raises(NoSuchApi) as by_list:
            await opened.store.list("assistant")
        with pytest.raises(NoSuchApi) as by_get:
            await opened.store.get("assistant", "asst_1")
        with pytest.raises(NoSuchApi) as by_thread:
            await opened.thread_host().open()

    for caught in (by_list, by_get, by_thread):
        assert caught.value.summary == f"{place} has no Assistants API any more"
        assert f"{owner} switched it off on 2026-08-26" in caught.value.detail
        assert "provider: local" in caught.value.hint


@pytest.mark.parametrize("place", ["api.openai.com.example.org", "notopenai.com", "127.0.0.1:8000"])
async def test_another_host_without_the_api_gets_the_general_message(place: str) -> None:
    """A wrong base_url is likelier there."""
    async with provider(lambda _: httpx2.Response(404, json={"detail": "Not Found"}), place) as opened:
        with pytest.raises(NoSuchApi) as caught:
            await opened.store.list("assistant")

    assert caught.value.summary == f"{place} has no Assistants API here"
    assert "base_url" in caught.value.hint


async def test_every_request_names_the_wire_and_the_key_and_nothing_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Store and threads send the same headers; what is set for OpenAI's own hosts stays at home."""
    monkeypatch.setenv("OPENAI_API_KEY", "not-for-you")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example/v1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-secret: 1\nauthorization: Bearer not-for-you")
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={"id": "thread_1", "data": [], "has_more": False})

    async with provider(answer) as opened:
        await opened.store.list("assistant")
        await opened.thread_host().open(messages=[Said("user", "x")])

    for request in seen:
        assert request.url.host == "example.org"
        assert request.headers["openai-beta"] == "assistants=v2"
        assert request.headers["authorization"] == "Bearer sesame-open-123"
        assert request.headers["user-agent"].startswith("asstctl/")
        assert not [name for name in request.headers if name.startswith(("x-", "openai-o", "openai-p"))]


async def test_without_a_key_none_is_sent() -> None:
    """Not even the SDK's stand-in."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={"id": "thread_1", "data": [], "has_more": False})

    async with Provider("https://example.org/v1", httpx2.MockTransport(answer), place="example.org") as opened:
        await opened.store.list("assistant")
        await opened.thread_host().open()

    assert len(seen) == 2
    assert not [request for request in seen if "authorization" in request.headers]


async def test_an_id_cannot_lead_elsewhere() -> None:
    """An id that a person typed stays one part of the path."""
    seen: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.raw_path)
        return httpx2.Response(200, json=assistant("../threads?x=/1"))

    async with provider(answer) as opened:
        await opened.store.get("assistant", "../threads?x=/1")
        for id in ("", ".", ".."):
            with pytest.raises(ValueError, match="not an id"):
                await opened.store.get("assistant", id)

    assert seen == [b"/v1/assistants/..%2Fthreads%3Fx%3D%2F1"]


async def test_another_object_than_asked_for_is_a_bad_answer() -> None:
    """A write to the wrong object must not be taken for the right one."""
    async with provider(lambda _: httpx2.Response(200, json=assistant("asst_2"))) as opened:
        with pytest.raises(BadAnswer, match="asked for asst_1, got asst_2"):
            await opened.store.update("assistant", "asst_1", {"name": "x"})


async def test_a_delete_that_deletes_nothing_is_a_bad_answer() -> None:
    """`deleted: false` is no success; an empty 204 is."""
    async with provider(lambda _: httpx2.Response(200, json={"id": "asst_1", "deleted": False})) as opened:
        with pytest.raises(BadAnswer, match="did not delete"):
            await opened.store.delete("assistant", "asst_1")
    async with provider(lambda _: httpx2.Response(204)) as opened:
        await opened.store.delete("assistant", "asst_1")


@pytest.mark.parametrize(
    ("listed", "order"),
    [
        ("a1 b1 c2", "a b c"),
        ("c2 b1 a1", "a b c"),
        ("b2 a1 c3", "a b c"),
        ("", ""),
    ],
)
def test_objects_stand_oldest_first(listed: str, order: str) -> None:
    """A server that ignores `order=asc` is set right; ties keep the order of creation where it can be known."""
    objects = [
        Live(kind="assistant", id=one[0], created_at=int(one[1]), fields={}, metadata={}, raw={})
        for one in listed.split()
    ]

    assert [live.id for live in oldest_first(objects)] == order.split()


def test_a_key_does_not_go_to_an_address_in_the_clear() -> None:
    """Opening is refused before anything is sent."""
    with pytest.raises(Refused, match="unencrypted"):
        open_provider(AssistantsSettings("http://example.org/v1", api_key="sesame-open-123"))


def test_settings_do_not_show_their_secrets() -> None:
    """A repr ends up in logs."""
    assert "sesame" not in repr(AssistantsSettings("https://example.org/v1", api_key="sesame-open-123"))


async def test_a_create_is_never_repeated_for_the_fields_that_it_loses() -> None:
    """An update brings them after it; where that is refused for good, the answer shows what is missing."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(f"{request.method} {request.url.path}")
        if request.url.path.endswith("/asst_1"):
            return httpx2.Response(429, json={"error": {"message": "slow down"}}, headers={"retry-after-ms": "1"})
        return httpx2.Response(200, json=assistant("asst_1"))

    transport = httpx2.MockTransport(answer)
    async with Provider("https://example.org/v1", transport, place="example.org", dialect=LITELLM) as opened:
        live = await opened.store.create("assistant", {"model": "m", "reasoning_effort": "low"})

    assert (live.id, live.fields.get("reasoning_effort")) == ("asst_1", None)
    assert asked == ["POST /v1/assistants", *["POST /v1/assistants/asst_1"] * 3]
