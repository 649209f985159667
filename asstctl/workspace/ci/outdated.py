"""Which approvals of a pull request no longer fit its plan. Pure."""

from collections.abc import Iterable, Mapping

from asstctl.core.forge import Review
from asstctl.core.pipeline import Outdated


def outdated(reviews: Iterable[Review], digests: Mapping[str, str], present: str) -> tuple[Outdated, ...]:
    """Every approval of a commit whose plan was another one than that of now.

    `digests` are those of the plans that runs left, by commit: what is not in it was approved without one.
    """
    found = (Outdated(one.author, one.commit, digests.get(one.commit, "")) for one in reviews)
    return tuple(one for one in found if one.digest != present)
