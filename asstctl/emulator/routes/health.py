"""Whether the server is up and can read its database; needs no key."""

from starlette.responses import Response

from asstctl.emulator.calls import Call, answer


async def health(call: Call) -> Response:
    call.services.store.connection.execute("SELECT 1 FROM assistants LIMIT 1").fetchone()
    return answer({"status": "ok"})


ROUTES = {("GET", "/health"): health}
