"""The reference in docs/ is what the code says, and every command line in help and pages can be typed."""

import re
import shlex
from inspect import cleandoc
from pathlib import Path

import click
import pytest

from asstctl.cli import COMMANDS, cli
from tests.repository.consoles import ROOT
from tests.repository.reference import FOLDER, PAGES, error_codes, errors_page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_is_what_the_code_says(name: str) -> None:
    """`python -m tests.repository.reference` would change nothing."""
    assert (FOLDER / name).read_text("utf-8") == PAGES[name]()


def test_the_folder_of_the_reference_holds_nothing_else() -> None:
    """A page that nothing makes would grow old."""
    assert {path.name for path in FOLDER.iterdir()} == {*PAGES}


def test_every_error_that_ends_a_command_is_on_its_page() -> None:
    """Wherever in the code it stands."""
    sources = [path.read_text("utf-8") for path in (ROOT / "asstctl").rglob("*.py")]
    codes = {code for text in sources for code in re.findall(r'^    code(?:: \S+)? = "(.*)"$', text, re.MULTILINE)}

    assert codes == {found.code for found in error_codes()}


@pytest.mark.parametrize(
    "code", ["unknown-key", "call-shape", "outside-project", "template-syntax", "strict-required", "model-retires"]
)
def test_a_code_is_on_the_page_however_its_diagnostic_is_made(code: str) -> None:
    assert f"\n| `{code}` | " in errors_page()


def _command_lines(text: str) -> list[str]:
    """The lines that begin with `asstctl`, behind a prompt or a key, up to what is the shell's or a comment."""
    found = re.findall(r"^\s*(?:\$ |- |run: |script: )?(asstctl [^\n]*)$", text, re.MULTILINE)
    return [re.split(r"\s(?:[|>&;]|\d?>|#)", line)[0].strip() for line in found]


def _refusal(line: str) -> str:
    """Why click would not take the words of a command line; "" where it takes them. Nothing is run."""
    words = shlex.split(line)[1:]
    while words and words[0] in ("-C", "--directory"):
        words = words[2:]
    if not words or words[0].startswith("-") or words[0].isupper():
        return ""
    context = click.Context(cli)
    try:
        name, command, rest = cli.resolve_command(context, words)
        assert command is not None
        command.make_parser(click.Context(command, info_name=name)).parse_args(list(rest))
    except click.BadOptionUsage as error:
        # a mention of an option leaves its value out
        return "" if "requires an argument" in error.message else f"{line}: {error.format_message()}"
    except click.UsageError as error:
        return f"{line}: {error.format_message()}"
    return ""


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_command_can_be_typed(name: str) -> None:
    """Each has only options that the command knows."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    examples = cleandoc(command.help or "").partition("Examples:")[2]
    lines = _command_lines(examples)
    assert lines
    assert [_refusal(line) for line in lines if _refusal(line)] == []


_PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
    *sorted((ROOT / ".github").rglob("*.md")),
]


@pytest.mark.parametrize(
    "page",
    [page for page in _PAGES if "decisions" not in page.parts],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_the_command_lines_of_a_page_can_be_typed(page: Path) -> None:
    """In blocks of code and in code within sentences; those of console blocks are executed beside that."""
    text = page.read_text("utf-8")
    spans = re.findall(r"`(asstctl [^`\n=]*)`", text)
    blocks = re.findall(r"^```(?:sh|bash|console|yaml|text)?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [*spans, *(line for block in blocks for line in _command_lines(block))]
    typed = [line for line in lines if "…" not in line and "..." not in line]
    assert [_refusal(line) for line in typed if _refusal(line)] == []
