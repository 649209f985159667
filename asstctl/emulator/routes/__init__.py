"""Which handler answers which method and path. A new part of the wire is a file here and a line in `ROUTES`.

What every API of the server has, files, vector stores and models, is in `SHARED`.
"""

from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import Response

from asstctl.emulator.calls import Call
from asstctl.emulator.routes import (
    assistants,
    file_batches,
    files,
    health,
    messages,
    models,
    runs,
    steps,
    store_files,
    threads,
    uploads,
    vector_stores,
)

Handler = Callable[[Call], Awaitable[Response]]
Routes = Mapping[tuple[str, str], Handler]

SHARED: Routes = {
    **health.ROUTES,
    **files.ROUTES,
    **uploads.ROUTES,
    **models.ROUTES,
    **vector_stores.ROUTES,
    **store_files.ROUTES,
    **file_batches.ROUTES,
}

ROUTES: Routes = {
    **SHARED,
    **assistants.ROUTES,
    **threads.ROUTES,
    **messages.ROUTES,
    **runs.ROUTES,
    **steps.ROUTES,
}

FORMS: frozenset[Handler] = frozenset({files.create_file, uploads.add_part})
"""The handlers that read their own body, a multipart form, as it comes in."""
