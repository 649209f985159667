"""What a reader sees of conversations that were really played and did not pass; the files are in failures/."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from asstctl.conversation.results import read_results
from asstctl.render.failure import BAD
from asstctl.render.json.test_lines import suite_lines
from asstctl.render.junit import suite_junit
from asstctl.render.test import suite_text
from asstctl.render.text import cells
from tests.render.golden import expected
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


_VERDICTS = {"failure", "error"}


def test_every_file_is_of_a_scene() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(SCENES)
