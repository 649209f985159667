"""The error tree. A command ends in one of these or in a result; anything else is our bug.

    AsstctlError
    ├── InvalidInput          the user's files do not say something that can be done (carries diagnostics)
    ├── WrongUsage            the command line does not
    ├── Refused               it could be done, and a rule forbids it (also PlanChanged in core.plans, and MovedOn and
    │                         NotApproved in core.pipeline)
    ├── ProviderError         the other side of a request
    │   ├── Unreachable       the request never left this machine
    │   ├── AnswerLost        it left and no answer came back: it may have been carried out
    │   ├── ServerFault       5xx: it may have been carried out
    │   ├── BadAnswer         an answer that is not of the wire: it may have been carried out
    │   ├── RateLimited       429
    │   ├── AuthFailed        401 or 403
    │   ├── NotFound          404 for an object
    │   ├── NoSuchApi         404 for the API itself
    │   ├── Rejected          any other 4xx
    │   └── IncompleteListing a listing that cannot be trusted to show everything
    ├── TapeMissing           a tape lacks what was asked of it
    ├── TapeStale             a tape was made with other files
    ├── StoreError            the local database or a journal cannot be used
    └── Interrupted           Ctrl-C

Every error has a fixed short `summary`, a `detail` (what and where) and a `hint` (the command to type).
"""

from collections.abc import Iterable
from typing import ClassVar

from asstctl.core.diagnostic import Diagnostic
from asstctl.core.exit_codes import ExitCode


class AsstctlError(Exception):
    """None of the others. The root: catch it to catch everything that a command may end in."""

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, summary: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.summary}: {self.detail}" if self.detail else self.summary


class InvalidInput(AsstctlError):
    """The user's files have errors; all are in `diagnostics`. `sends`: the command would have sent something."""

    code = "invalid-input"

    def __init__(self, diagnostics: Iterable[Diagnostic], *, sends: bool = True) -> None:
        self.diagnostics = tuple(diagnostics)
        self.sends = sends
        super().__init__("the files have errors", detail="; ".join(d.summary for d in self.diagnostics))


class WrongUsage(AsstctlError):
    """The command line asks for something that does not exist."""

    code = "usage"
    exit_code = ExitCode.USAGE


class Refused(AsstctlError):
    """A rule forbids it, and the message names the rule and the way on."""

    code = "refused"


class ProviderError(AsstctlError):
    """The provider did not do what was asked. `ambiguous`: whether a write may have taken effect."""

    code = "provider"
    exit_code = ExitCode.INCONCLUSIVE
    ambiguous: ClassVar[bool] = False

    def __init__(
        self,
        summary: str,
        *,
        detail: str = "",
        hint: str = "",
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(summary, detail=detail, hint=hint)
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after


class Unreachable(ProviderError):
    """The connection was never made: repeating is safe."""

    code = "unreachable"


class AnswerLost(ProviderError):
    """The request was sent and the answer did not arrive (dropped connection or timeout)."""

    code = "answer-lost"
    ambiguous = True


class ServerFault(ProviderError):
    """5xx."""

    code = "server-fault"
    ambiguous = True


class BadAnswer(ProviderError):
    """A success that is not an answer of this wire."""

    code = "bad-answer"
    ambiguous = True


class RateLimited(ProviderError):
    """429; `retry_after` in seconds where the server says it."""

    code = "rate-limited"


class AuthFailed(ProviderError):
    """401 or 403."""

    code = "auth"


class NotFound(ProviderError):
    """The object is not there."""

    code = "not-found"


class NoSuchApi(ProviderError):
    """The host answers, and has no Assistants API."""

    code = "no-such-api"


class Rejected(ProviderError):
    """The provider understood the request and will not take it."""

    code = "rejected"
    exit_code = ExitCode.FAILED


class IncompleteListing(ProviderError):
    """A listing that ended early or went in circles: absence of an object proves nothing."""

    code = "incomplete-listing"


class TapeMissing(AsstctlError):
    """There is no tape, or what was asked is not on it."""

    code = "tape-missing"
    exit_code = ExitCode.INCONCLUSIVE


class TapeStale(AsstctlError):
    """A tape was made with other files than those of now: what is on it proves nothing about them."""

    code = "tape-stale"
    exit_code = ExitCode.INCONCLUSIVE


class StoreError(AsstctlError):
    """The local database, or a journal, cannot be used: full, newer than this program, or not one of ours."""

    code = "local-store"


class Interrupted(AsstctlError):
    """Ctrl-C; what was done until then has been said."""

    code = "interrupted"
    exit_code = ExitCode.INTERRUPTED
