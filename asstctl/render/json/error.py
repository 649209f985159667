"""error: what stopped a command, in place of its result.

error       code summary detail hint exit_code status? request_id? diagnostics?[diagnostic]
            differences?[difference]
difference  address what approved present
            either: {before? after?}, words where there are no values, null where that plan has nothing
"""

from asstctl.core.errors import AsstctlError, InvalidInput, ProviderError
from asstctl.core.plans import Contrast, PlanChanged, Step
from asstctl.render.json.plan import side_objects
from asstctl.render.json.shared import Object, diagnostic_object, document


def error_json(error: AsstctlError) -> str:
    """The whole document."""
    return document("error", **error_content(error))


def error_content(error: AsstctlError) -> Object:
    """The error, with what its type adds."""
    more: Object = {}
    if isinstance(error, ProviderError):
        more = {"status": error.status, "request_id": error.request_id}
    if isinstance(error, InvalidInput):
        more = {"diagnostics": [diagnostic_object(diagnostic) for diagnostic in error.diagnostics]}
    if isinstance(error, PlanChanged):
        more = {"differences": [_difference(contrast) for contrast in error.contrasts]}
    return {
        "code": error.code,
        "summary": error.summary,
        "detail": error.detail,
        "hint": error.hint,
        "exit_code": int(error.exit_code),
        **more,
    }


def _difference(one: Contrast) -> Object:
    sides = {"approved": _side(one.approved), "present": _side(one.present)}
    return {"address": one.address, "what": one.what, **sides}


def _side(side: Step | str | None) -> Object | str | None:
    return side_objects(*side) if isinstance(side, tuple) else side
