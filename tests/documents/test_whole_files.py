"""Files that are written whole or not at all."""

import stat
from pathlib import Path

import pytest

from asstctl.documents.whole_files import write_whole


@pytest.mark.parametrize(("mode", "given"), [(None, 0o600), (0o644, 0o644)])
def test_a_file_is_its_owners_alone_unless_a_mode_is_given(tmp_path: Path, mode: int | None, given: int) -> None:
    path = tmp_path / "notes.json"
    path.write_text("old")
    path.chmod(0o666)

    write_whole(path, b"new", mode=mode)

    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", given)


def test_a_link_is_replaced_and_what_it_leads_to_is_left_alone(tmp_path: Path) -> None:
    other, link = tmp_path / "other", tmp_path / "link"
    other.write_text("theirs")
    link.symlink_to(other)

    write_whole(link, b"ours", lasting=True)

    assert (other.read_text(), link.read_text(), link.is_symlink()) == ("theirs", "ours", False)


def test_nothing_is_left_where_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "notes.json").mkdir()

    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "notes.json", b"new")

    assert [file.name for file in tmp_path.iterdir()] == ["notes.json"]
    assert not list((tmp_path / "notes.json").iterdir())


def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)

    write_whole(path, b"new")

    assert path.read_bytes() == b"new"
