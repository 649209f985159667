"""plan --drift-only: what was changed outside of git.

drift  target empty checked changes[change] notes[]
       change: as in `plan`, with its drifted and conflicting fields alone
"""

from asstctl.core.plans import Drift
from asstctl.render.json.plan import change_object
from asstctl.render.json.shared import Object, document, target_object


def drift_json(drift: Drift) -> str:
    """Every change that somebody else made."""
    return document("drift", target=target_object(drift.target), **drift_content(drift))


def drift_content(drift: Drift) -> Object:
    """What was found, for a document that names its target itself."""
    return {
        "empty": drift.is_empty,
        "checked": drift.checked,
        "changes": [change_object(change) for change in drift.changes],
        "notes": list(drift.notes),
    }
