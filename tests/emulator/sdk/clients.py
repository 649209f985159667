"""Both clients of the `openai` package, strict about every answer, with a note of each request that they send."""

import inspect
import ssl
from typing import Any

import httpx2
import openai
import pytest

BETA = pytest.mark.filterwarnings("ignore:(The Assistants API is )?deprecated:DeprecationWarning")
"""The package marks the whole surface of assistants; only the tests of that surface look away."""

_TLS = ssl.create_default_context()  # made once: it costs more than all requests of a test
_OPTIONS: dict[str, Any] = {"api_key": "any", "max_retries": 0, "_strict_response_validation": True}


def sync_client(url: str, sent: list[str]) -> openai.OpenAI:
    def note(request: httpx2.Request) -> None:
        sent.append(_route(request, url))

    http = openai.DefaultHttpx2Client(event_hooks={"request": [note]}, verify=_TLS)
    return openai.OpenAI(base_url=url, http_client=http, **_OPTIONS)


def async_client(url: str, sent: list[str]) -> openai.AsyncOpenAI:
    async def note(request: httpx2.Request) -> None:
        sent.append(_route(request, url))

    http = openai.DefaultAsyncHttpx2Client(event_hooks={"request": [note]}, verify=_TLS)
    return openai.AsyncOpenAI(base_url=url, http_client=http, **_OPTIONS)


def _route(request: httpx2.Request, url: str) -> str:
    return f"{request.method} {request.url.path.removeprefix(httpx2.URL(url).path)}"


async def done(value: Any) -> Any:
    """What a call of either client answered."""
    return await value if inspect.isawaitable(value) else value
