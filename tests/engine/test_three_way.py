"""The three-way table of ENGINE section 2, every combination derived by hand.

M is the manifest, B the base in the mark (a request half, and a response half where the provider rewrote the
value), L the live value. `None` stands for the default of a canonical value.
"""

import pytest

from asstctl.core.change import ABSENT, FieldState
from asstctl.engine.planning.classify import three_way
from asstctl.kinds.canonical import digest

CLEAN, OURS, DRIFT, CONFLICT, UNMANAGED, _ = FieldState
M, N, O = "manifest", "another manifest", "other"  # noqa: E741 - N: a manifest of before
R = "what the provider made of it"

# fmt: off
DECLARED = [
    # base            L=default           L=M               L=N (what B=N speaks of)  L=R (a rewritten value)  L=O
    ((), (OURS, False), (CLEAN, True), (OURS, False), (OURS, False), (OURS, False)),
    ((M,), (DRIFT, False), (CLEAN, False), (DRIFT, False), (DRIFT, False), (DRIFT, False)),
    ((N,), (CONFLICT, False), (CLEAN, True), (OURS, False), (CONFLICT, False), (CONFLICT, False)),
    ((M, R), (DRIFT, False), (CLEAN, True), (DRIFT, False), (CLEAN, False), (DRIFT, False)),
    ((N, R), (CONFLICT, False), (CLEAN, True), (CONFLICT, False), (OURS, False), (CONFLICT, False)),
    ((R, M), (CONFLICT, False), (CLEAN, True), (CONFLICT, False), (CONFLICT, False), (CONFLICT, False)),
    ((M, None), (CLEAN, False), (CLEAN, True), (DRIFT, False), (DRIFT, False), (DRIFT, False)),
    ((None,), (OURS, False), (CLEAN, True), (CONFLICT, False), (CONFLICT, False), (CONFLICT, False)),
]
UNDECLARED = [
    ((), (CLEAN, False), (UNMANAGED, False), (UNMANAGED, False), (UNMANAGED, False), (UNMANAGED, False)),
    ((M,), (CLEAN, True), (OURS, False), (CONFLICT, False), (CONFLICT, False), (CONFLICT, False)),
    ((N,), (CLEAN, True), (CONFLICT, False), (OURS, False), (CONFLICT, False), (CONFLICT, False)),
    ((M, R), (CLEAN, True), (CONFLICT, False), (CONFLICT, False), (OURS, False), (CONFLICT, False)),
    ((R, M), (CLEAN, True), (OURS, False), (CONFLICT, False), (CONFLICT, False), (CONFLICT, False)),
    ((None,), (CLEAN, True), (CONFLICT, False), (CONFLICT, False), (CONFLICT, False), (CONFLICT, False)),
]
DECLARED_AT_DEFAULT = [
    ((), (CLEAN, True), (OURS, False), (OURS, False), (OURS, False), (OURS, False)),
    ((None,), (CLEAN, False), (DRIFT, False), (DRIFT, False), (DRIFT, False), (DRIFT, False)),
    ((N,), (CLEAN, True), (CONFLICT, False), (OURS, False), (CONFLICT, False), (CONFLICT, False)),
    ((None, R), (CLEAN, True), (DRIFT, False), (DRIFT, False), (CLEAN, False), (DRIFT, False)),
    ((N, R), (CLEAN, True), (CONFLICT, False), (CONFLICT, False), (OURS, False), (CONFLICT, False)),
]
# fmt: on
CASES = [
    pytest.param(manifest, base, live, expected, id=f"M={manifest or 'default'} B={base} L={live or 'default'}")
    for manifest, table in ((M, DECLARED), (ABSENT, UNDECLARED), (None, DECLARED_AT_DEFAULT))
    for base, *row in table
    for live, expected in zip((None, M, N, R, O), row, strict=True)
]


@pytest.mark.parametrize("manifest, base, live, expected", CASES)
def test_a_field_stands_where_the_table_says(manifest, base, live, expected) -> None:  # type: ignore[no-untyped-def]
    """State, and whether the base is stale."""
    mark = "".join(digest(value) for value in base) if base else None

    assert three_way(manifest, mark, live) == expected


def test_one_and_true_are_told_apart() -> None:
    """Python holds them for equal."""
    assert three_way(1, digest(1), True) == (DRIFT, False)
