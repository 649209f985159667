"""Which handler answers which method and path of the Agents API. A new part of it is a file here and a line below.

A fixed part of a path goes before a named one: `/agents/sessions` is never an agent.
"""

from asstctl.emulator.agents.routes import agents, sessions
from asstctl.emulator.routes import SHARED, Routes

ROUTES: Routes = {
    **SHARED,
    **agents.ROUTES,
    **sessions.ROUTES,
}
