"""How many requests the program sends: asserted here, while times are only shown (`python -m tests.bench`)."""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.server import ROOT, Server, asstctl, server, write_project

ASSISTANTS = 201
"""More than two pages of a listing."""

LISTING = Counter({"GET /assistants": 3, "GET /vector_stores": 1, "GET /assistants/ID": 1})
"""What a plan sends: every page at once, and beside them a look at whether the server reads an object by its id."""


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Server, Counter[str]]]:
    """A project whose 201 assistants are live, and the requests that made them."""
    folder = tmp_path_factory.mktemp("counts")
    with server(folder) as served:
        write_project(folder, served.url, assistants=ASSISTANTS, conversations=12)
        _run(folder, "apply", "--yes")
        yield folder, served, served.counts()


def _run(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(asstctl(*arguments), cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _requests_of(folder: Path, served: Server, *arguments: str) -> Counter[str]:
    before = served.counts()
    _run(folder, *arguments)
    return served.counts() - before


def test_an_apply_of_creates_lists_twice_and_creates_once_each(applied: tuple[Path, Server, Counter[str]]) -> None:
    """One reading, one create per assistant, and one listing that proves each address has one object.

    The first create is read back, because nobody knows yet whether this server keeps marks.
    """
    _, _, counted = applied
    expected = Counter({"POST /assistants": ASSISTANTS}) + LISTING
    # the listing before the creates was empty: one page
    assert counted == expected + Counter({"GET /assistants": 1, "GET /assistants/ID": 1})


def test_a_plan_sends_list_calls_only(applied: tuple[Path, Server, Counter[str]]) -> None:
    """Three pages for 201 assistants, one of vector stores, the probe, and nothing else."""
    folder, served, _ = applied
    assert _requests_of(folder, served, "plan", "--detailed-exitcode") == LISTING


def test_a_second_apply_writes_nothing(applied: tuple[Path, Server, Counter[str]]) -> None:
    """It reads as a plan does, and stops."""
    folder, served, _ = applied
    assert _requests_of(folder, served, "apply", "--yes") == LISTING


def test_one_edit_is_one_write(applied: tuple[Path, Server, Counter[str]]) -> None:
    """An edited word is a single update, and the next plan is empty."""
    folder, served, _ = applied
    file = folder / "assistants" / "a0007.yaml"
    file.write_text(file.read_text("utf-8").replace("briefly", "shortly"), "utf-8")
    counted = _requests_of(folder, served, "apply", "--yes")
    assert counted["POST /assistants/ID"] == 1
    assert sum(number for what, number in counted.items() if not what.startswith("GET")) == 1
    _run(folder, "plan", "--detailed-exitcode")


def test_a_conversation_of_one_turn_costs_what_it_must(applied: tuple[Path, Server, Counter[str]]) -> None:
    """A thread with the message in it, a run, the reply, and the thread deleted; looks at the run come on top."""
    folder, served, _ = applied
    counted = _requests_of(folder, served, "test")
    looks = counted.pop("GET /threads/ID/runs/ID", 0)
    assert counted == LISTING + Counter(
        {
            "POST /threads": 12,
            "POST /threads/ID/runs": 12,
            "GET /threads/ID/messages": 12,
            "DELETE /threads/ID": 12,
        }
    )
    assert looks <= 3 * 12
