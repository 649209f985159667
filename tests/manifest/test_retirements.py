"""The dated file of models that end: what it says, and of which names it says nothing."""

import json
from datetime import date
from importlib import resources
from typing import Any

import pytest

from asstctl.manifest.retirements import FILE, retirement_of

OF_2026, OF_2027 = date(2026, 12, 11), date(2027, 1, 14)


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(resources.files("asstctl.manifest").joinpath(FILE).read_text("utf-8"))


@pytest.mark.parametrize(
    "model, on",
    [
        ("gpt-4o", OF_2027),
        ("gpt-4o-2024-08-06", OF_2027),
        ("gpt-4o-mini", OF_2027),
        ("gpt-4o-mini-2024-07-18", OF_2027),
        ("gpt-4.1", OF_2027),
        ("gpt-4.1-mini-2025-04-14", OF_2027),
        ("gpt-5", OF_2026),
        ("gpt-5-2025-08-07", OF_2026),
        ("o3", OF_2026),
        ("o3-2025-04-16", OF_2026),
        # members of the families that end on another day
        ("gpt-4.1-nano", date(2026, 10, 23)),
        ("gpt-4o-2024-05-13", date(2026, 10, 23)),
        ("o3-mini", date(2026, 10, 23)),
        ("gpt-4o-audio-preview", date(2026, 5, 7)),
        ("gpt-5.1", date(2027, 4, 1)),
        # names that only begin like one
        ("gpt-4o-2099-01-01", None),
        ("gpt-5-pro", None),
        ("ft:gpt-4o-2024-08-06:acme::x", None),
        ("GPT-4o", None),
        ("my-deployment", None),
        ("", None),
    ],
)
def test_a_name_ends_on_its_day(model: str, on: date | None) -> None:
    found = retirement_of(model)
    assert (found and found.on) == on


def test_every_date_has_a_source_and_the_file_has_a_date(document: Any) -> None:
    assert retirement_of("gpt-4o").as_of == date.fromisoformat(document["as_of"])  # type: ignore[union-attr]
    assert [one for one in document["retirements"] if not (one["source"] and one["names"])] == []


def test_no_name_has_two_days(document: Any) -> None:
    names = [name for one in document["retirements"] for name in one["names"]]
    assert len(names) == len(set(names))
