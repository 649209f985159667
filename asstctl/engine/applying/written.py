"""Written: how one write ended, before it becomes an Outcome."""

from dataclasses import dataclass

from asstctl.core.errors import AsstctlError, ProviderError
from asstctl.core.outcome import OutcomeStatus


@dataclass(frozen=True, slots=True)
class Written:
    """How one write ended. `request_id` is that of the request which settled it, `nonce` the one drawn by a create,
    `uploads` what was uploaded for it alone."""

    status: OutcomeStatus
    remote_id: str | None = None
    detail: str = ""
    hint: str = ""
    request_id: str | None = None
    warnings: tuple[str, ...] = ()
    nonce: str | None = None
    uploads: tuple[str, ...] = ()


def failed(error: AsstctlError, id: str | None) -> Written:
    """It ended in an error that leaves no doubt."""
    request_id = error.request_id if isinstance(error, ProviderError) else None
    return Written(OutcomeStatus.FAILED, id, detail=str(error), hint=error.hint, request_id=request_id)


def unknown(id: str | None, lost: ProviderError, hint: str) -> Written:
    """It was sent, and nobody can say whether it happened; `hint` is the command that shows it."""
    return Written(OutcomeStatus.UNKNOWN, id, detail=str(lost), hint=hint, request_id=lost.request_id)
