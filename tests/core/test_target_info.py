"""Commands that people are told to type for a target."""

import pytest

from asstctl.core.plan import TargetInfo


@pytest.mark.parametrize(
    ("words", "named", "typed"),
    [
        ("apply", 1, "asstctl apply --target far"),
        ("apply --prune --only a", 1, "asstctl apply --target far --prune --only a"),
        ("test gc", 2, "asstctl test gc --target far"),
        ("test gc --all", 2, "asstctl test gc --target far --all"),
    ],
)
def test_the_target_stands_behind_the_name_of_the_command(words: str, named: int, typed: str) -> None:
    assert TargetInfo("far", "assistants", "", "h", "p").command(words, named=named) == typed


def test_the_default_target_is_not_named() -> None:
    info = TargetInfo("far", "assistants", "", "h", "p", default=True, folder="a b")
    assert info.command("test gc", named=2) == "asstctl -C 'a b' test gc"
