"""README.md: its commands are executed, its samples are valid, its tables and links are true."""

import re
from pathlib import Path

import pytest

from asstctl.core.exit_codes import ExitCode
from tests.repository.consoles import ROOT, Shell, matches, steps

README = ROOT / "README.md"
PLACES = ("asstctl", "docs", "examples", ".github")
PAGES = [README, *(page for place in PLACES for page in sorted((ROOT / place).rglob("*.md")))]


def test_the_first_session_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """Each command of the page ends with the code and prints the text that the page shows."""
    shell = Shell(tmp_path)
    for step in steps(README.read_text("utf-8")):
        printed, code = shell.run(step.command)
        place = f"README.md:{step.line}: $ {step.command}\n{printed}"
        assert (code, matches(step.shown, printed)) == (step.code, True), place


def test_the_samples_are_valid(tmp_path: Path) -> None:
    """The files that the page shows make one project without a warning."""
    written = []
    for block in re.finditer(r"^`(\S+)`:\n```(?:yaml|markdown)\n(.*?)^```$", README.read_text("utf-8"), re.M | re.S):
        file = tmp_path / block[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block[2], "utf-8")
        written.append(block[1])
    assert len(written) >= 3
    printed, code = Shell(tmp_path, {"OPENAI_COMPATIBLE_KEY": "sk-test"}).run("asstctl validate --strict")
    assert code == 0, printed


def test_the_exit_codes_are_those_of_the_program() -> None:
    """The table names each code of core.exit_codes, and no other."""
    rows = re.findall(r"^\| `(\d+)` \|", README.read_text("utf-8"), re.MULTILINE)
    assert rows == [str(code.value) for code in sorted(ExitCode)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """A relative link names a file of the repository, and a heading that is in it."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings], (
                f"{page}: {target}"
            )


def test_the_code_map_names_what_is_there() -> None:
    """Every package of the program is on the map, and every file and folder that the map names exists."""
    program = ROOT / "asstctl"
    map_ = re.search(r"^```\nasstctl/\n(.*?)^```$", (program / "README.md").read_text("utf-8"), re.M | re.S)
    assert map_
    packages, missing = [], []
    for line in map_[1].splitlines():
        indent = len(line) - len(line.lstrip())
        names = re.findall(r"(?:^| {2})(\w[\w/]*?(?:\.py|/))(?= )", line)
        if indent == 2 and names and names[0].endswith("/"):
            packages.append(names[0].rstrip("/"))
        folder = program if indent == 2 else program / packages[-1]
        missing += [f"{folder.name}/{name}" for name in names if indent <= 4 and not (folder / name).exists()]
    assert missing == []
    assert set(packages) == {path.name for path in program.iterdir() if (path / "__init__.py").exists()}
