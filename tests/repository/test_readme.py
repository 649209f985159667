"""README.md and docs/: commands are executed, samples are valid, tables and links are true."""

import re
from pathlib import Path

import pytest

from asstctl.core.conversation import FailureKind
from asstctl.core.exit_codes import ExitCode
from asstctl.emulator.replies.chat_request import MODULES
from tests.repository.consoles import ROOT, Shell, assert_true, files, steps

README = ROOT / "README.md"
PLACES = ("asstctl", "docs", "examples", ".github")
SESSIONS = [page for page in (README, *sorted((ROOT / "docs").glob("*.md"))) if steps(page.read_text("utf-8"))]
PAGES = [README, *(page for place in PLACES for page in sorted((ROOT / place).rglob("*.md")))]


@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: page.name)
def test_a_page_prints_what_it_shows(page: Path, tmp_path: Path) -> None:
    """Each command of the page ends with the code and prints the text that the page shows."""
    with Shell(tmp_path) as shell:
        assert_true(page, shell)


def test_the_samples_are_valid(tmp_path: Path) -> None:
    """The files that the page shows make one project without a warning."""
    samples = [file for file in files(README.read_text("utf-8")) if file.language in ("yaml", "markdown")]
    assert len(samples) >= 3
    for sample in samples:
        sample.write(tmp_path)
    printed, code = Shell(tmp_path).run("asstctl validate --strict")
    assert code == 0, printed


def test_the_targets_that_the_page_shows_are_valid(tmp_path: Path) -> None:
    """Each of docs/targets.md as it stands, in one project with an assistant that all of them can hold."""
    page = (ROOT / "docs" / "targets.md").read_text("utf-8")
    shown = re.findall(r"^```yaml\ntargets:\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(shown) == 5
    (tmp_path / "asstctl.yaml").write_text("version: 1\nproject: shown\ntargets:\n" + "".join(shown), "utf-8")
    (tmp_path / "assistants").mkdir()
    (tmp_path / "assistants" / "plain.yaml").write_text("kind: assistant\nmodel: gpt-4o\nname: Plain\n", "utf-8")
    printed, code = Shell(tmp_path).run("asstctl validate --target prod")
    assert code == 0, printed


def test_the_exit_codes_are_those_of_the_program() -> None:
    """The table names each code of core.exit_codes, and no other."""
    rows = re.findall(r"^\| `(\d+)` \|", README.read_text("utf-8"), re.MULTILINE)
    assert rows == [str(code.value) for code in sorted(ExitCode)]


def test_the_modules_of_the_sandbox_are_those_that_a_model_is_told() -> None:
    """The list in docs/serve.md is the one that the code interpreter's description has."""
    listed = re.search(r"modules are (.*?)\.$", (ROOT / "docs" / "serve.md").read_text("utf-8"), re.MULTILINE)
    assert listed
    assert re.findall(r"`(\w+)`", listed[1]) == MODULES.split()


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


def test_the_page_of_conversations_names_every_kind_of_failure() -> None:
    """Those that fail first, those that leave no verdict after them, and no other."""
    page = (ROOT / "docs" / "conversations.md").read_text("utf-8")
    listed = re.search(r"^The kinds of failure are stable.*$", page, re.MULTILINE)
    assert listed
    failures, _, undecided = listed[0].partition("and for what has no verdict")
    named = tuple({*re.findall(r"`(\w+)`", part)} for part in (failures, undecided))
    assert named == tuple({str(kind) for kind in FailureKind if kind.is_error is error} for error in (False, True))
