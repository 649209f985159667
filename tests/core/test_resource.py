"""Fields that lie under one key of a wire."""

import pytest

from asstctl.core.capabilities import Capabilities, WireField
from asstctl.core.resource import sharing

WIRE = Capabilities(
    "w",
    {
        "assistant": {
            "name": WireField(("name",)),
            "tools": WireField(("tools",)),
            "reasoning_effort": WireField(("reasoning", "effort")),
        }
    },
    composite=frozenset({"tools", "reasoning"}),
)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], []),
        (["name", "extensions.tier"], ["name", "extensions.tier"]),
        (["tools"], ["tools", "extensions.tools"]),
        (["extensions.reasoning", "name"], ["extensions.reasoning", "reasoning_effort", "name"]),
    ],
)
def test_who_sends_one_field_of_a_shared_key_sends_all_of_it(names: list[str], found: list[str]) -> None:
    assert sharing(names, "assistant", WIRE) == frozenset(found)


def test_where_no_key_is_shared_every_field_goes_alone() -> None:
    assert sharing(["tools"], "assistant", Capabilities("w", WIRE.fields)) == {"tools"}
    assert sharing(["tools"], "vector_store", WIRE) == {"tools", "extensions.tools"}
