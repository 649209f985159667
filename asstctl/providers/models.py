"""Models: what an account may use, by `GET /models`, which OpenAI-shaped servers share (`core.ports.ModelList`)."""

from datetime import date
from typing import Any

from asstctl.core.errors import BadAnswer
from asstctl.core.models import Offered
from asstctl.net.client import JsonClient


class Models:
    """The list of one account. Nothing is repeated: whoever asks can do without an answer."""

    def __init__(self, client: JsonClient) -> None:
        self._client = client

    async def offered(self) -> Offered:
        answer = await self._client.request("GET", "/models")
        listed = answer.value.get("data")
        if not isinstance(listed, list):
            raise BadAnswer(
                "the list of models is none",
                detail="GET /models: its answer holds no list `data`",
                status=answer.status,
                request_id=answer.request_id,
            )
        models = [one for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str)]
        return {one["id"]: _day(one.get("shutdown_date")) for one in models}


def _day(value: Any) -> date | None:
    """The day that a date, or a time in ISO 8601, says; None for anything else."""
    try:
        return date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        return None
