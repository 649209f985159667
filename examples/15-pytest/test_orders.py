"""A conversation with an order that the test has made."""

import pytest

from asstctl.pytest_plugin import conversations, run_conversation


@pytest.fixture
def order() -> str:
    return "B-42"


@conversations("assistants/orders.convo.yaml")
def test_an_order_is_found(conversation, order):
    result = run_conversation(conversation, {"order": order})
    assert result.turns[0].calls[0].arguments == f'{{"order_id": "{order}"}}'
