"""The page of checks is the table of checks."""

import os

from asstctl.conversation.case import CallMode
from asstctl.conversation.checks import CHECKS
from asstctl.conversation.matchers import MATCHERS
from asstctl.conversation.reading.models import LongCallModel
from asstctl.conversation.stubs import STUBS
from tests.conversation import operators
from tests.conversation.checks_page import page
from tests.repository.consoles import ROOT

PAGE = ROOT / "docs" / "checks.md"
UPDATE = bool(os.environ.get("ASSTCTL_UPDATE_GOLDEN"))  # read now: tests run in a clean environment


def test_the_page_is_the_table() -> None:
    """docs/checks.md says what the examples do; ASSTCTL_UPDATE_GOLDEN=1 writes it anew."""
    if UPDATE:
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text("utf-8") == page()


def test_every_operator_has_a_row() -> None:
    """Beside its twin, which needs none of its own."""
    assert [sample.name for sample in operators.OPERATORS] == [name for name, one in CHECKS.items() if not one.negated]


def test_every_matcher_has_a_row() -> None:
    """In the order of the table of matchers."""
    assert [sample.name for sample in operators.MATCHERS] == list(MATCHERS)


def test_every_call_mode_and_every_key_of_the_long_form_has_a_row() -> None:
    """No word of `calls` is without an example."""
    assert {word for sample in operators.CALLS for word in sample.covers} == {
        *(str(mode) for mode in CallMode),
        *LongCallModel.model_fields,
    }


def test_every_kind_of_stub_is_on_the_page() -> None:
    """By its key."""
    assert [key for key in STUBS if f"| `{key}` |" not in page()] == []
