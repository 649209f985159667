"""The Agents API as an API of the server: its routes, its header, the words of its refusals.

Files, vector stores and models are on the same host, in the words and without the header that they always had.
"""

from asstctl.emulator.agents import refusals
from asstctl.emulator.agents.routes import ROUTES
from asstctl.emulator.agents.turns.work import Turns
from asstctl.emulator.asgi import Scope
from asstctl.emulator.refusals import Refusal
from asstctl.emulator.routes import Routes
from asstctl.emulator.runs.work import Work
from asstctl.emulator.wire import Wire


class Agents(Wire):
    """lenient: do not look at the header, nor at how a body says what it is."""

    routes: Routes = ROUTES
    work: Work = Turns()

    def __init__(self, *, lenient: bool = False) -> None:
        self._lenient = lenient

    def admit(self, scope: Scope) -> None:
        # What a browser asks beforehand carries no header of ours.
        if not _is_beta(scope["path"]) or self._lenient or scope["method"] == "OPTIONS":
            return
        given = [value.strip() for name, value in scope["headers"] if name == b"openai-beta"]
        if given != [refusals.BETA.encode()]:
            raise refusals.no_beta()

    def strict(self, url: str) -> bool:
        return _is_beta(url) and not self._lenient

    def worded(self, url: str, refusal: Refusal) -> Refusal:
        return refusals.reworded(refusal) if _is_beta(url) else refusal


def _is_beta(url: str) -> bool:
    return url == "/v1/agents" or url.startswith("/v1/agents/")
