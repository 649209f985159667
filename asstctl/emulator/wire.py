"""An API that the server can speak: its routes, what it asks of every request, how it words its refusals.

There are two: Assistants v2, here, and the Agents API, in `agents/wire.py`, loaded only by who asks for it.
"""

from asstctl.emulator import refusals
from asstctl.emulator.asgi import Scope, header
from asstctl.emulator.refusals import Refusal
from asstctl.emulator.routes import ROUTES, Routes
from asstctl.emulator.runs.work import Runs, Work

_BETA = ("/v1/assistants", "/v1/threads")
"""Where the contract demands the beta header; everything else never did (A1)."""


class Wire:
    """What all APIs have in common; each says what it does otherwise."""

    routes: Routes
    work: Work
    """What it carries out for its clients."""

    def admit(self, scope: Scope) -> None:
        """Refuse a request before even its key is looked at."""

    def check(self, scope: Scope) -> None:
        """Refuse a request whose key, path and method are right."""

    def strict(self, url: str) -> bool:
        """Whether a body must say that it is JSON, and have each key once."""
        return False

    def worded(self, url: str, refusal: Refusal) -> Refusal:
        """A refusal in the words of this API."""
        return refusal


class Assistants(Wire):
    """Assistants v2. require_beta: refuse what comes without its header where the real service did."""

    routes: Routes = ROUTES
    work: Work = Runs()

    def __init__(self, *, require_beta: bool = False) -> None:
        self._require_beta = require_beta

    def check(self, scope: Scope) -> None:
        beta = header(scope, b"openai-beta")
        if b"assistants=v1" in beta:
            raise refusals.wrong_beta(beta.decode("latin-1"))
        if self._require_beta and b"assistants=v2" not in beta and scope["path"].startswith(_BETA):
            raise refusals.no_beta()
