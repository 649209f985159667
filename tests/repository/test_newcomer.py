"""What somebody who has never seen the program types first, from a clone and from a wheel. Minutes: it installs."""

from pathlib import Path

import pytest

from tests.repository.newcomer import clone, demo, in_three, installed, wheel_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_one_command_leads_from_a_clone_to_a_conversation_that_passed(tmp_path: Path) -> None:
    """`make demo`, and a second one finds nothing to do."""
    checkout = clone(tmp_path / "asstctl")

    first, second = demo(checkout), demo(checkout)

    assert (first.code, second.code) == (0, 0), first.printed + second.printed
    assert " passed in " in first.printed
    assert second.printed.count("No changes.") == 3, "neither the plans nor the apply between them"


def test_three_commands_lead_from_a_wheel_to_a_conversation_that_passed(tmp_path: Path) -> None:
    """`init`, `apply`, `test`, in an empty folder, with nothing of the source."""
    for name in ("built", "project"):
        (tmp_path / name).mkdir()
    wheel = wheel_of(clone(tmp_path / "asstctl"), tmp_path / "built")
    asstctl, install = installed(wheel, tmp_path / "venv")
    assert install.code == 0, install.printed

    steps = in_three(asstctl, tmp_path / "project")

    assert [step.code for step in steps] == [0, 0, 0], steps
    assert "1 passed" in steps[-1].printed
