"""`run: {status: name, error: pattern}`: how the run ends, and what the provider says of one that failed.

Beside it a run that does not complete is no failure by itself.
"""

from collections.abc import Mapping, Sequence

from asstctl.conversation.checks.check import Check, no_map_of
from asstctl.conversation.checks.patterns import no_pattern
from asstctl.conversation.matchers import differences, expected_text
from asstctl.conversation.observed import COMPLETED, Observed
from asstctl.conversation.shapes import PATTERN, map_of, means, one_or_list
from asstctl.core.change import ABSENT
from asstctl.core.conversation import FailureKind, Mismatch
from asstctl.core.json_types import Json

_STATUSES = (COMPLETED, "failed", "incomplete", "expired", "cancelled")


def _wanted(value: Json) -> list[str]:
    return [str(one) for one in value] if isinstance(value, Sequence) and not isinstance(value, str) else [str(value)]


def _no_status(value: Json) -> str | None:
    return None if value and set(_wanted(value)) <= set(_STATUSES) else f"is none of {', '.join(_STATUSES)}"


def _says(value: Json) -> str:
    assert isinstance(value, Mapping)
    end = f"end as {' or '.join(_wanted(value['status']))}" if "status" in value else "end"
    return f"{end} with the error {expected_text(value['error'])}" if "error" in value else end


def _differences(observed: Observed, value: Json) -> tuple[Mismatch, ...]:
    assert isinstance(value, Mapping)
    found: list[Mismatch] = []
    if "status" in value and observed.status not in (wanted := _wanted(value["status"])):
        reason = f" ({observed.error})" if observed.error else ""
        found.append(Mismatch("status", " or ".join(wanted), f"{observed.status}{reason}"))
    if "error" in value:
        compared = differences(value["error"], observed.error or ABSENT)
        found += [difference.mismatch(below="error") for difference in compared]
    return tuple(found)


RUN = Check(
    name="run",
    kind=FailureKind.RUN_STATUS,
    says=_says,
    refuses=no_map_of(status=_no_status, error=no_pattern),
    takes=map_of(
        {
            "status": means("How it ends, or a list of ways.", one_or_list({"enum": list(_STATUSES)})),
            "error": means("What the provider says of a run that failed.", PATTERN),
        }
    ),
    has_twin=False,
    slow=True,
    differences=_differences,
    shown=lambda observed: ("status", observed.status),
    subject="the run",
)
