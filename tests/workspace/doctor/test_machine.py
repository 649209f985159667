"""What `doctor` says of the machine: libraries and their ranges, extras, SQLite, file systems."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from asstctl.core.doctor import Finding, Standing
from asstctl.providers.local.inspection import SqliteFeatures, sqlite_features
from asstctl.workspace.doctor.checks import sqlite, versions
from asstctl.workspace.doctor.file_systems import type_in
from asstctl.workspace.doctor.requirements import Requirement, admits, parsed

FINE, NOTE, WARNING, UNKNOWN, WRONG = Standing

ASKED = parsed(
    [
        "click<9,>=8.5",
        "rich (>=15,<16)",
        "azure-identity<2,>=1.27; extra == 'azure'",
        "uvloop<1,>=0.23; (sys_platform != 'win32') and extra == 'fast'",
        "httptools<1,>=0.9; extra == 'fast'",
        "mypy==2.4.1; extra == 'dev'",
        "tomli>=2; python_version < '3.11'",
    ]
)
THERE = {"click": "8.5.2", "rich": "15.0.0"}


def test_requirements_are_read_as_metadata_writes_them() -> None:
    assert (
        Requirement("click", ">=8.5,<9"),
        Requirement("rich", ">=15,<16"),
        Requirement("azure-identity", ">=1.27,<2", "azure"),
        Requirement("uvloop", ">=0.23,<1", "fast", conditional=True),
        Requirement("httptools", ">=0.9,<1", "fast"),
        Requirement("mypy", "==2.4.1", "dev"),
        Requirement("tomli", ">=2", conditional=True),
    ) == ASKED


@pytest.mark.parametrize(
    "wanted, version, expected",
    [
        (">=8.5,<9", "8.5", True),
        (">=8.5,<9", "8.5.0", True),
        (">=8.5,<9", "8.10.1", True),
        (">=8.5,<9", "8.4.9", False),
        (">=8.5,<9", "9", False),
        (">=8.5,<9", "9.0.0rc1", False),
        (">=8.5,<9", "8.5rc1", False),
        (">=8.5", "8.6.dev3", True),
        ("==2.4.1", "2.4.1", True),
        ("==2.4.1", "2.4.2", False),
        ("==2.4.*", "2.4.9", True),
        ("!=2.4.*", "2.4.9", False),
        ("!=2.4", "2.4.0", False),
        ("~=1.4", "1.9", True),
        ("~=1.4", "2.0", False),
        ("~=1.4.2", "1.4.1", False),
        ("~=1.4.2", "1.5", False),
        ("<=3", "3.0", True),
        (">3", "3", False),
        (">=1", "2.0+local.7", True),
        ("", "anything", True),
        (">=1", "no version", True),
    ],
)
def test_a_version_is_in_a_range(wanted: str, version: str, expected: bool) -> None:
    assert admits(wanted, version) is expected


def judged(there: Mapping[str, str], needed: Mapping[str, str]) -> list[Finding]:
    return [*versions.judged(ASKED, there.get, needed)]


@pytest.mark.parametrize(
    "there, needed, expected",
    [
        (THERE, {}, []),
        (
            {**THERE, "click": "8.1.7"},
            {},
            [(WARNING, "click 8.1.7 is installed, and asstctl asks for >=8.5,<9", "pip install 'click>=8.5,<9'")],
        ),
        ({"click": "8.5"}, {}, [(WRONG, "rich is not installed", "pip install 'rich>=15,<16'")]),
        (
            {**THERE, "azure-identity": "1.0"},
            {},
            [
                (
                    WARNING,
                    "azure-identity 1.0 is installed, and the extra azure asks for >=1.27,<2",
                    "pip install 'azure-identity>=1.27,<2'",
                )
            ],
        ),
        (THERE, {"azure": "why"}, [(WARNING, "the extra azure is not installed", "pip install 'asstctl[azure]'")]),
        ({**THERE, "azure-identity": "1.30"}, {"azure": "why"}, []),
        ({**THERE, "mypy": "1.0"}, {}, []),
    ],
    ids=["fine", "out of range", "missing", "an extra's, out of range", "a needed extra", "it is there", "of others"],
)
def test_libraries_are_held_against_what_is_asked_for(
    there: Mapping[str, str], needed: Mapping[str, str], expected: list[tuple[Standing, str, str]]
) -> None:
    assert [(one.standing, one.summary, one.hint) for one in judged(there, needed)] == expected


FEATURES = SqliteFeatures("3.45.1", "3.37.0", is_old=False, full_text=True, json=True)


@pytest.mark.parametrize(
    "features, standing, said",
    [
        (FEATURES, FINE, "SQLite 3.45.1, with JSON and full-text search"),
        (replace(FEATURES, version="3.31.0", is_old=True), WRONG, "3.31.0 is too old: 3.37.0 or newer is needed"),
        (replace(FEATURES, json=False), WRONG, "has no JSON functions"),
        (replace(FEATURES, full_text=False), WARNING, "has no full-text search (FTS5)"),
    ],
    ids=["fine", "old", "no JSON", "no FTS5"],
)
def test_sqlite_is_said_with_what_it_lacks(features: SqliteFeatures, standing: Standing, said: str) -> None:
    (found,) = sqlite.judged(features)

    assert (found.standing, said in found.summary, bool(found.hint)) == (standing, True, standing is not FINE)


def test_this_machines_sqlite_will_do() -> None:
    assert [one.standing for one in sqlite.judged(sqlite_features())] == [FINE]


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /home rw - nfs4 server:/home rw
31 30 8:2 / /home/me/my\\040disk rw shared:5 master:2 - xfs /dev/sdb1 rw
32 22 0:41 / /home/you rw - tmpfs tmpfs rw
33 22 0:42 / /home/you rw - cifs //box/you rw
short
"""


@pytest.mark.parametrize(
    "folder, expected",
    [
        ("/work", "ext4"),
        ("/home/me/p", "nfs4"),
        ("/home/me/my disk/p", "xfs"),
        ("/homes/x", "ext4"),
        ("/home/you/p", "cifs"),
    ],
)
def test_a_folder_lies_on_the_nearest_mount(folder: str, expected: str) -> None:
    assert type_in(MOUNTS, Path(folder)) == expected


@pytest.mark.parametrize(
    "kind, warned", [("ext4", False), ("", False), ("overlay", False), ("nfs4", True), ("cifs", True)]
)
def test_a_network_share_is_warned_of(kind: str, warned: bool) -> None:
    assert [one.standing for one in sqlite.place(kind, ".asstctl")] == [WARNING] * warned
