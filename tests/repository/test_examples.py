"""Every folder of examples/ is executed: the commands of its README print what it shows."""

from pathlib import Path

import pytest

from tests.repository.consoles import ROOT, Shell, assert_true, copy_of, free_port

EXAMPLES = sorted((ROOT / "examples").iterdir())

PORT = "18434"
"""The port that an example's own server is written with; a free one takes its place."""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_does_what_it_shows(example: Path, tmp_path: Path) -> None:
    """Each command of the page ends with the code and prints the text that the page shows."""
    with Shell(_with_free_port(copy_of(example, tmp_path / example.name))) as shell:
        assert_true(example / "README.md", shell)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_is_numbered_and_explained(example: Path) -> None:
    """A folder is named NN-topic, and its page begins with a heading."""
    assert example.name[:2].isdecimal()
    assert (example / "README.md").read_text("utf-8").startswith("# ")


def _with_free_port(folder: Path) -> Path:
    free = free_port()
    for file in [*folder.glob("*.yaml"), *folder.glob("*.py")]:
        file.write_text(file.read_text("utf-8").replace(PORT, free), "utf-8")
    return folder
