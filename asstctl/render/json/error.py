"""error: what stopped a command, in place of its result.

error  code summary detail hint exit_code status? request_id? diagnostics?[diagnostic]
"""

from asstctl.core.errors import AsstctlError, InvalidInput, ProviderError
from asstctl.render.json.shared import Object, diagnostic_object, document


def error_json(error: AsstctlError) -> str:
    """The error, with what its type adds."""
    more: Object = {}
    if isinstance(error, ProviderError):
        more = {"status": error.status, "request_id": error.request_id}
    if isinstance(error, InvalidInput):
        more = {"diagnostics": [diagnostic_object(diagnostic) for diagnostic in error.diagnostics]}
    return document(
        "error",
        code=error.code,
        summary=error.summary,
        detail=error.detail,
        hint=error.hint,
        exit_code=int(error.exit_code),
        **more,
    )
