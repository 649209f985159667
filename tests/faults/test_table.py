"""The page says what the tests measured, of every fault and of no other."""

from tests.faults.table import FAULTS, lines


def test_the_page_has_a_line_for_every_fault_in_their_order() -> None:
    """Lines of the slow suite are compared there; that they are there is seen here."""
    assert tuple(lines()) == FAULTS
