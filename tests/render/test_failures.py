"""What a reader sees of conversations that were really played and did not pass; the files are in failures/."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from asstctl.conversation.results import read_results
from asstctl.core.conversation import Status
from asstctl.render.failure import BAD
from asstctl.render.html.page import suite_html
from asstctl.render.json.test import suite_json
from asstctl.render.json.test_lines import suite_lines
from asstctl.render.junit import suite_junit
from asstctl.render.test import suite_text
from asstctl.render.text import cells
from tests.render.golden import expected
from tests.render.samples import SUITES
from tests.render.scenes import SCENES, played

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parent / "failures"


@pytest.mark.parametrize("name", SCENES)
async def test_a_failure_reads_as_its_file_says(name: str, tmp_path: Path) -> None:
    """On a terminal, and in JUnit the same block; and JSON Lines bring all of it back."""
    suite = await played(SCENES[name], tmp_path)

    text = suite_text(suite)

    assert expected(f"{name}.txt", text, FOLDER) == text
    blocks = [one.text or "" for one in ElementTree.fromstring(suite_junit(suite)).iter() if one.tag in _VERDICTS]
    assert len(blocks) == sum(case.status in BAD for case in suite.cases)
    assert all(block.rstrip("\n") in text for block in blocks)
    assert suite_text(read_results(suite_lines(suite), "a.jsonl").suite) == text
    assert all(cells(line) <= 80 or line.strip().startswith("asstctl ") for line in text.splitlines()[:-1])


def test_what_was_interrupted_was_not_run_and_keeps_what_was_said() -> None:
    """In every format, and in what is read back of it."""
    suite = SUITES["test-interrupted"]
    (skipped,) = ElementTree.fromstring(suite_junit(suite)).iter("skipped")
    back = read_results(suite_lines(suite), "a.jsonl").suite.cases[1]
    told = json.loads(suite_json(suite))["cases"][1]

    assert skipped.get("message") == "not run: interrupted"
    assert (told["status"], told["not_run"], told["skipped"]) == ("not_run", "interrupted", "")
    assert told["turns"][0]["reply"] == suite.cases[1].turns[0].reply
    assert (back.status, back.turns[0]) == (Status.NOT_RUN, suite.cases[1].turns[0])
    assert "Not run</dt><dd>interrupted" in suite_html(suite)


_VERDICTS = {"failure", "error"}


def test_every_file_is_of_a_scene() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(SCENES)
