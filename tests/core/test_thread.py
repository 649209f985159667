"""The pair by which what a run made says whose it is."""

import pytest

from asstctl.core.thread import RUN_KEY, run_borne, run_pair

RUN = "20261122-163000-k3x9"


def test_a_pair_is_read_as_it_was_built() -> None:
    assert run_borne(run_pair("school", RUN), "school") == RUN


@pytest.mark.parametrize("value", [RUN, f"another/{RUN}", f"school/more/{RUN}", "school/", "school", "", "/"])
def test_what_another_project_or_nobody_made_is_of_no_run(value: str) -> None:
    assert run_borne({RUN_KEY: value}, "school") is None


def test_an_object_without_the_pair_is_of_no_run() -> None:
    assert run_borne({}, "school") is None
