"""test-gc: what was removed after runs of tests, and what was not.

test-gc  target removed[] failed[] lost[] spared[] kept[] alive[] unreadable[] error | null

Each of the first five lists holds {run kind name id | null why bytes | null maybe[]}, where `maybe` has the ids of
uploads that may be it; what `kept` holds was left on purpose; `alive` and `unreadable` hold ids of runs. `error` is
what kept it from looking further, as in the schema `error`.
"""

from asstctl.core.ledger import Leftover, Swept
from asstctl.render.json.error import error_content
from asstctl.render.json.shared import Object, document, target_object


def swept_json(swept: Swept) -> str:
    """All of it."""
    return document(
        "test-gc",
        target=target_object(swept.target),
        removed=[_row(one) for one in swept.removed],
        failed=[_row(one) for one in swept.failed],
        lost=[_row(one) for one in swept.lost],
        spared=[_row(one) for one in swept.spared],
        kept=[_row(one) for one in swept.kept],
        alive=list(swept.alive),
        unreadable=list(swept.unreadable),
        error=error_content(swept.error) if swept.error else None,
    )


def _row(one: Leftover) -> Object:
    return {
        "run": one.run,
        "kind": str(one.kind),
        "name": one.name,
        "id": one.id or None,
        "why": one.why,
        "bytes": one.bytes,
        "maybe": list(one.maybe),
    }
