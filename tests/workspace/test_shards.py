"""Shards: every conversation in exactly one, the same on every machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.errors import WrongUsage
from asstctl.workspace.conversations.shards import Shard, in_shard

nodes = st.lists(st.text("abcdef", min_size=1, max_size=6).map("f.convo.yaml::{}".format), unique=True, max_size=30)


def parts(names: list[str], count: int, seconds: dict[str, float]) -> list[frozenset[str]]:
    return [in_shard(names, Shard(number, count), seconds) for number in range(1, count + 1)]


@given(nodes, st.integers(1, 7), st.data())
def test_every_conversation_is_in_exactly_one_shard(names: list[str], count: int, data: st.DataObject) -> None:
    """Whatever is known of its time, and in whatever order they are listed."""
    known = data.draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    seconds = {name: data.draw(st.floats(0, 100)) for name in known}

    found = parts(names, count, seconds)

    assert sorted(name for part in found for name in part) == sorted(names)
    assert found == parts(names[::-1], count, dict(reversed(seconds.items())))


@given(nodes, st.integers(1, 7), st.text("xyz", min_size=1, max_size=3))
def test_a_new_conversation_moves_no_other(names: list[str], count: int, new: str) -> None:
    before = parts(names, count, {})
    after = parts([*names, new], count, {})

    assert [part - {new} for part in after] == before


def test_the_longest_are_spread_first() -> None:
    seconds = {"a": 10.0, "b": 6.0, "c": 5.0, "d": 1.0}

    assert parts(list(seconds), 2, seconds) == [{"a", "d"}, {"b", "c"}]


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.floats(0.1, 10), min_size=1, max_size=40), st.integers(1, 5))
def test_no_shard_is_much_longer_than_another(seconds: dict[str, float], count: int) -> None:
    loads = [sum(seconds[name] for name in part) for part in parts(list(seconds), count, seconds)]

    assert max(loads) - min(loads) <= max(seconds.values()) + 1e-9


@pytest.mark.parametrize("text", ["", "0/3", "4/3", "1", "1/0", "-1/3", "1/2/3", "a/b", "1 / 3"])
def test_what_is_no_shard_is_wrong_usage(text: str) -> None:
    with pytest.raises(WrongUsage, match="not I/N"):
        Shard.read(text)


def test_a_shard_is_read_as_it_is_written() -> None:
    assert str(Shard.read("2/3")) == "2/3"
