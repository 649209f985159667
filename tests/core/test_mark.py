"""The mark: its format, character for character, and everything that can be wrong with one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.address import Address
from asstctl.core.mark import (
    BASE,
    KEY_NAME,
    PAIRS,
    PROJECT,
    Damaged,
    Mark,
    MarkTooLong,
    candidate_run,
    draw_nonce,
    is_candidate,
    is_ours,
    next_mark,
    only_mark,
    read_mark,
    without_mark,
)

GUAGUA = Address("assistant", "guagua")
FIELDS = {"na": "AbCd1234", "in": "x-_xyz78"}


def pairs(base: str = "1;;", *, project: str = "agiclass", key: str = "assistant.guagua") -> dict[str, str]:
    return {"asstctl_project": project, "asstctl_key": key, "asstctl_base": base}


@pytest.mark.parametrize(
    "mark, base",
    [
        (Mark("agiclass", GUAGUA), "1;;"),
        (Mark("agiclass", GUAGUA, protect=True), "1;p;"),
        (Mark("agiclass", GUAGUA, fields=FIELDS), "1;;inx-_xyz78,naAbCd1234"),
        (Mark("agiclass", GUAGUA, nonce="N0nce123"), "1;;n=N0nce123;"),
        (Mark("agiclass", GUAGUA, revision="1a2b3c4"), "1;;r=1a2b3c4;"),
        (Mark("agiclass", GUAGUA, files="AAAAAAAABBBBBBBB"), "1;;;cf=AAAAAAAABBBBBBBB"),
        (
            Mark("agiclass", GUAGUA, True, "N0nce123", "1a2b3c4", {"te": "AAAAAAAABBBBBBBB", **FIELDS}, "12345678"),
            "1;p;n=N0nce123;r=1a2b3c4;inx-_xyz78,naAbCd1234,teAAAAAAAABBBBBBBB;cf=12345678",
        ),
    ],
)
def test_the_format_never_changes(mark: Mark, base: str) -> None:
    """`1;FLAGS;n=NONCE;r=GITREV;FIELDS;cf=FILES`, what says nothing left out; and it is read back."""
    assert mark.metadata() == pairs(base)
    assert read_mark(pairs(base)) == mark


B64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ALNUM = B64[:-2]
HALF = st.text(B64, min_size=8, max_size=8)
MARKS = st.builds(
    Mark,
    st.text(min_size=1, max_size=64),
    st.builds(Address, st.just("assistant"), st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True)),
    st.booleans(),
    st.just("") | st.text(ALNUM, min_size=8, max_size=8),
    st.just("") | st.text("0123456789abcdef", min_size=7, max_size=7),
    st.dictionaries(st.text(ALNUM, min_size=2, max_size=2), HALF | st.builds(str.__add__, HALF, HALF), max_size=18),
    st.lists(HALF, max_size=8).map("".join),
)


@given(MARKS)
def test_what_is_written_is_read_back(mark: Mark) -> None:
    """Whatever a mark says; all that may be missing is the git revision."""
    written = mark.metadata()
    back = read_mark(written)

    assert isinstance(back, Mark)
    assert back.metadata() == written
    assert (back.project, back.address, back.protect, back.nonce, back.files) == (
        mark.project,
        mark.address,
        mark.protect,
        mark.nonce,
        mark.files,
    )
    assert back.fields == mark.fields
    assert all(len(value) <= 512 for value in written.values())


@given(st.text(max_size=40), st.data())
def test_a_text_that_is_no_mark_is_damaged(noise: str, data: st.DataObject) -> None:
    """A reader never breaks, and takes nothing that a writer would not write."""
    base = "1;;naAbCd1234"
    at = data.draw(st.integers(0, len(base)))
    read = read_mark(pairs(base[:at] + noise + base[at:]))

    assert isinstance(read, Damaged) or read.metadata()["asstctl_base"] == base[:at] + noise + base[at:]


@pytest.mark.parametrize(
    "base",
    [
        "1",
        "1;",
        "1;x;",
        "1;pp;",
        ";;",
        "1;;;",
        "1;;n=;",
        "1;;n=short;",
        "1;;n=toolong99;",
        "1;;n=N0nce12-;",
        "1;;r=;",
        "1;;r=1A2B3C4;",
        "1;;r=1a2b3c4d;",
        "1;;r=1a2b3c4;n=N0nce123;",
        "1;;n=N0nce123",
        "1;;na",
        "1;;naAbCd123",
        "1;;naAbCd12345",
        "1;;naAbCd1234x-_xyz789",
        "1;;naAbCd12+4",
        "1;;n-AbCd1234",
        "1;;naAbCd1234,",
        "1;;,naAbCd1234",
        "1;;naAbCd1234,naAbCd1234",
        "1;;;cf=",
        "1;;;cf=1234567",
        "1;;;xx=12345678",
        "1;;naAbCd1234;cf=12345678;",
        " 1;;",
        "1;;\n",
        "0;;",
        "01;;",
        "-1;;",
        "one;;",
        "٢;;",
        "9" * 5000 + ";;",
    ],
)
def test_a_base_that_cannot_be_parsed_is_damaged_and_not_newer(base: str) -> None:
    """Project and address are still known."""
    read = read_mark(pairs(base))

    assert isinstance(read, Damaged)
    assert (read.project, read.address, read.newer) == ("agiclass", GUAGUA, False)


@pytest.mark.parametrize("base", ["2;;", "2", "12;anything at all", "999999999;"])
def test_a_base_of_a_later_version_is_newer(base: str) -> None:
    """It is told from one that is merely broken."""
    read = read_mark(pairs(base))

    assert isinstance(read, Damaged)
    assert read.newer
    assert f"version '{base.partition(';')[0]}', this program writes 1" in read.reason


@pytest.mark.parametrize(
    "metadata, project, address",
    [
        ({"asstctl_project": "agiclass"}, "agiclass", None),
        ({"asstctl_key": "assistant.guagua"}, None, GUAGUA),
        ({"asstctl_base": "1;;"}, None, None),
        ({**pairs(), "asstctl_base": ""}, "agiclass", GUAGUA),
        ({**pairs(), "asstctl_key": ""}, "agiclass", None),
        ({**pairs(), "asstctl_project": ""}, None, GUAGUA),
        (pairs(key="guagua"), "agiclass", None),
        (pairs(key="assistant.Guagua"), "agiclass", None),
        (pairs(key="assistant."), "agiclass", None),
    ],
)
def test_part_of_a_mark_is_damaged_never_absent(
    metadata: dict[str, str], project: str | None, address: Address | None
) -> None:
    """What can be read of it is kept."""
    read = read_mark(metadata)

    assert isinstance(read, Damaged)
    assert (read.project, read.address, read.newer) == (project, address, False)


@pytest.mark.parametrize("metadata", [{}, {"team": "agiclass"}, {"asstctl": "x", "project": "y"}])
def test_metadata_without_our_keys_bears_no_mark(metadata: dict[str, str]) -> None:
    """Other keys are the user's."""
    assert read_mark(metadata) is None
    assert without_mark(metadata) == metadata
    assert only_mark(metadata) == {}


def fields(count: int, width: int = 8) -> dict[str, str]:
    return {f"A{letter}": "x" * width for letter in (ALNUM * 2)[:count]}


def test_a_mark_that_is_too_long_drops_the_revision_first() -> None:
    """And nothing else."""
    mark = Mark("agiclass", GUAGUA, nonce="N0nce123", revision="1a2b3c4", fields=fields(45))

    assert len(mark.metadata()["asstctl_base"]) == 3 + 11 + 45 * 11 - 1
    assert read_mark(mark.metadata()) == Mark("agiclass", GUAGUA, nonce="N0nce123", fields=fields(45))


def test_a_mark_that_is_too_long_without_it_is_refused() -> None:
    """Nothing is truncated."""
    with pytest.raises(MarkTooLong, match="asstctl_base would be 519 characters long and 512 are allowed"):
        Mark("agiclass", GUAGUA, nonce="N0nce123", revision="1a2b3c4", fields=fields(46)).metadata()
    with pytest.raises(MarkTooLong, match="asstctl_project"):
        Mark("x" * 513, GUAGUA).metadata()


def test_all_fields_of_an_assistant_fit_with_both_halves() -> None:
    """The table leaves room for extensions."""
    mark = Mark("agiclass", GUAGUA, True, "N0nce123", "1a2b3c4", fields(25, 16))

    assert "r=1a2b3c4" in mark.metadata()["asstctl_base"]


@pytest.mark.parametrize(
    "parts",
    [
        {"nonce": "short"},
        {"revision": "1a2b3c4-dirty"},
        {"fields": {"name": "AbCd1234"}},
        {"fields": {"na": "AbCd"}},
        {"files": "123"},
    ],
)
def test_a_mark_that_nobody_could_read_back_is_never_made(parts: dict[str, str]) -> None:
    """It would make the object damaged for good."""
    with pytest.raises(ValueError, match="not a mark"):
        Mark("agiclass", GUAGUA, **parts)  # type: ignore[arg-type]


def test_the_next_mark_names_what_changes_and_keeps_the_rest() -> None:
    """Project and nonce are the create's."""
    before = Mark("agiclass", GUAGUA, True, "N0nce123", "1a2b3c4", FIELDS, "12345678")
    fields = {"mo": "AAAAAAAA"}
    after = next_mark(before, GUAGUA, protect=False, fields=fields, files="87654321", revision=None)

    assert after.metadata() == pairs("1;;n=N0nce123;moAAAAAAAA;cf=87654321")


@pytest.mark.parametrize("name", [PROJECT, KEY_NAME, BASE])
def test_every_key_of_the_mark_is_known_by_its_prefix(name: str) -> None:
    """So that no user's pair is ever taken for one of ours, nor ours for a user's."""
    assert is_ours(name)
    assert len(Mark("p", GUAGUA).metadata()) == PAIRS


def test_nonces_are_eight_characters_and_differ() -> None:
    """Drawn anew for each create."""
    nonces = {draw_nonce() for _ in range(100)}

    assert len(nonces) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9]{8}", nonce) for nonce in nonces)


@pytest.mark.parametrize(
    "key, expected",
    [("assistant.guagua~r1", True), ("assistant.guagua", False), ("assistant.guagua~", False), ("~", False)],
)
def test_a_candidate_is_known_by_its_key(key: str, expected: bool) -> None:
    """The key of a copy under test names its run after a tilde."""
    assert is_candidate(pairs(key=key)) is expected


def test_the_mark_of_a_copy_names_its_run_and_is_no_address_of_a_file() -> None:
    copy = GUAGUA.candidate("20261122-163000-k3x9")
    metadata = Mark("agiclass", copy).metadata()

    assert copy.is_candidate
    assert not GUAGUA.is_candidate
    assert candidate_run(metadata) == "20261122-163000-k3x9"
    assert candidate_run(pairs()) is None
    with pytest.raises(ValueError, match="is not an address"):
        Address.parse(str(copy))
