"""Which handler answers which method and path. A new part of the wire is a file here and a line in `ROUTES`."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import Response

from asstctl.emulator.calls import Call
from asstctl.emulator.routes import assistants, health, messages, runs, steps, threads

Handler = Callable[[Call], Awaitable[Response]]

ROUTES: Mapping[tuple[str, str], Handler] = {
    **health.ROUTES,
    **assistants.ROUTES,
    **threads.ROUTES,
    **messages.ROUTES,
    **runs.ROUTES,
    **steps.ROUTES,
}
