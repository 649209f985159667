"""`asstctl test`: which conversations are played, what is written of it, and options that exclude each other."""

import json
import re
import textwrap
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Project

GREETS = """
assistant: tutor
tags: [smoke]
conversations:
  - {id: greets, turns: [{user: Hi there, expect: {contains: Hi}}]}
  - {id: leaves, tags: [slow], turns: [{user: Bye, expect: {contains: Bye}}]}
  - id: counts
    matrix: {number: [one, two]}
    turns: [{user: "{{ matrix.number }}", expect: {contains: "{{ matrix.number }}"}}]
"""
FAILS = "assistant: tutor\nturns:\n  - user: Hi\n    expect: {contains: Bonjour}\n"
FILE = "assistants/talks.convo.yaml"


@pytest.fixture
def talks(project: Project) -> Project:
    """A project with four conversations that pass."""
    project.write(FILE, GREETS)
    return project


def ids(project: Project, *arguments: str) -> list[str]:
    document = json.loads(project.done("test", "--list", *arguments, "--format", "json"))
    return [one["id"] for one in document["conversations"]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ["greets", "leaves", "counts[one]", "counts[two]"]),
        ((FILE,), ["greets", "leaves", "counts[one]", "counts[two]"]),
        ((f"{FILE}::counts",), ["counts[one]", "counts[two]"]),
        ((f"{FILE}::counts[two]", f"{FILE}::leaves"), ["leaves", "counts[two]"]),
        (("-k", "tutor/c and not two"), ["counts[one]"]),
        (("--tag", "slow"), ["leaves"]),
        (("--tag", "smoke", "--tag", "not slow"), ["greets", "counts[one]", "counts[two]"]),
    ],
)
def test_what_is_listed_is_what_is_played(talks: Project, arguments: tuple[str, ...], expected: list[str]) -> None:
    assert ids(talks, *arguments) == expected
    played = json.loads(talks.done("test", *arguments, "--format", "json"))
    assert [case["id"] for case in played["cases"]] == expected


def test_a_list_begins_with_what_can_be_typed(talks: Project) -> None:
    first, *_, last = talks.done("test", "--list", "--tag", "slow").splitlines()

    assert talks.run("test", first.split()[0]).code == 0
    assert last == "1 of 4 conversations: --tag slow."


def test_failed_plays_what_did_not_pass_until_it_passes(talks: Project) -> None:
    fails = talks.write("assistants/fails.convo.yaml", FAILS)
    assert talks.run("test").code == 1
    assert ids(talks, "--failed") == ["fails"]
    assert talks.run("test", "--failed").code == 1

    fails.write_text(FAILS.replace("Bonjour", "Hi"), "utf-8")
    assert talks.run("test", "--failed").code == 0

    done = talks.run("test", "--failed")
    assert (done.code, done.out) == (0, "Nothing to test: 5 conversations: none of them failed the last time.\n")


@pytest.mark.parametrize("option", ["--list", "--check"])
def test_what_plays_nothing_is_no_history(talks: Project, option: str) -> None:
    talks.done("test", option)

    assert not (talks.root / ".asstctl").exists()


DECLARES = """
assistant: tutor
vars: {word: Hello}
use: [more.stubs.yaml]
turns: [{user: "{{ vars.word }} {{ vars.name }}", expect: {contains: "Bonjour Ann"}}]
"""


def test_a_variable_that_a_conversation_declares_or_names_can_be_typed(project: Project) -> None:
    project.write("assistants/hello.convo.yaml", DECLARES)
    project.write("assistants/more.stubs.yaml", 'stubs: {"*": {return: "{{ vars.deep }}"}}\n')
    project.write("given.yaml", "name: Ann\nword: Hallo\nnam: Bea\n")

    typed = project.run("test", "--var", "word=Bonjour", "--var", "deep=1", "--var-file", "given.yaml")
    unused = project.run("validate", "--var", "deep=1", "--var-file", "given.yaml")
    misspelt = project.run("test", "--var", "wrod=Bonjour", "--var", "name=Ann", "--var", "deep=1")

    assert "1 passed" in typed.out
    assert "`nam` is under no `vars:`" in unused.out
    assert "`word`" not in unused.out
    assert misspelt.code == 64
    assert "--var wrod: no variable is called so" in misspelt.err
    assert "did you mean `word`?" in misspelt.err


def test_a_check_reads_files_and_nothing_else(talks: Project) -> None:
    assert talks.done("test", "--check") == "2 files are valid: 4 conversations.\n"
    talks.write("assistants/bad.convo.yaml", "assistant: tutor\nturns:\n  - usr: Hi\n")

    bad = talks.run("test", "--check")

    assert bad.code == 1
    assert "assistants/bad.convo.yaml:3:5" in bad.out
    assert talks.run("test", "--check", FILE).code == 0


def test_a_check_can_be_strict(project: Project) -> None:
    project.write(FILE, "assistant: tutor\nturns:\n  - user: Hi\n")

    assert project.run("test", "--check").code == 0
    assert project.run("test", "--check", "--strict").code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--live", "--candidate"), "--live and --candidate exclude each other"),
        (("--record", "--replay"), "--record and --replay exclude each other"),
        (("--replay", "--auto"), "--replay and --auto exclude each other"),
        (("--replay", "--candidate"), "--replay and --candidate exclude each other"),
        (("--list", "--check"), "--list and --check exclude each other"),
        (("--list", "--affected"), "--list and --affected exclude each other"),
        (("--check", "--junit", "j.xml"), "--check and --junit exclude each other"),
        (("--list", "--repeat", "3"), "--list and --repeat exclude each other"),
        (("--since", "HEAD~1"), "--since needs --affected"),
        (("--pass", "3"), "--pass needs --repeat"),
        (("--pass", "3", "--repeat", "2"), "3 of 2 cannot pass"),
        (("--allow-scripted",), "--allow-scripted needs --affected"),
        (("--shard", "3/2"), "--shard: '3/2' is not I/N"),
        (("-k", "a or"), "-k: a word is missing"),
        (("--tag", "a,,b"), "--tag: a word is missing"),
        (("--junit", "nowhere/j.xml"), "--junit: nowhere/j.xml lies in a folder that is not there"),
        (("--check", "--format", "junit"), "--format junit is for results"),
        (("--fail-fast", "2"), "write --fail-fast=2"),
        ((f"{FILE}::greet",), f"{FILE} holds no conversation `greet`"),
    ],
)
def test_wrong_usage_names_the_way_on(talks: Project, arguments: tuple[str, ...], said: str) -> None:
    result = talks.run("test", *arguments)

    assert (result.code, result.out) == (64, "")
    assert said in result.err
    assert len(result.err.splitlines()) > 1


def test_options_of_the_environment_are_for_runs_that_they_fit(talks: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline sets them once, for every command that it runs."""
    for name, value in (("JUNIT", "j.xml"), ("REPEAT", "1"), ("SINCE", "HEAD"), ("PASS", "1"), ("REPLAY", "1")):
        monkeypatch.setenv(f"ASSTCTL_{name}", value)

    assert talks.run("test", "--check").code == 0
    assert talks.run("test", "--record").code == 0
    assert talks.run("test").code == 0  # replayed
    assert ElementTree.parse(talks.root / "j.xml").getroot().get("tests") == "4"


def test_nothing_chosen_says_what_there_is(talks: Project) -> None:
    result = talks.run("test", "-k", "nothing")

    assert result.code == 1
    assert "-k nothing fits none of 4 conversations: tutor/greets, tutor/leaves," in result.err
    assert "their tags: smoke, slow" in result.err


def test_shards_play_every_conversation_once_and_are_joined(talks: Project) -> None:
    for number in (1, 2, 3):
        assert talks.run("test", "--shard", f"{number}/3", "--jsonl", f"shard-{number}.jsonl").code == 0
    shards = [f"shard-{number}.jsonl" for number in (1, 2, 3)]

    joined = talks.run("test", "merge", *shards, "--junit", "all.xml", "--jsonl", "all.jsonl")

    assert joined.code == 0
    assert "\n4 passed in " in joined.out
    assert "breaks off" not in joined.out
    assert ElementTree.parse(talks.root / "all.xml").getroot().get("tests") == "4"
    again = json.loads(talks.done("test", "merge", "all.jsonl", "--format", "json"))
    assert [case["id"] for case in again["cases"]] == ["greets", "leaves", "counts[one]", "counts[two]"]
    parts = [ids(talks, "--shard", f"{number}/2", "--history", "all.jsonl") for number in (1, 2)]
    assert sorted(parts[0] + parts[1]) == sorted(ids(talks))
    # without one of them, what it should have played was not run
    lost = talks.run("test", "merge", *[shard for shard in shards if '"line": "case"' in Path(shard).read_text()][1:])
    assert lost.code == 3
    assert "no file holds its result: is a shard missing?" in lost.out


PRICED = "test: {prices: {gpt-4o: {input: 2.5, output: 10}}}\n"


def test_a_shard_has_its_share_of_the_cost(talks: Project) -> None:
    with (talks.root / "asstctl.yaml").open("a", encoding="utf-8") as file:
        file.write(PRICED)
    result = talks.run("test", "--shard", "1/4", "--max-cost", "2")

    assert "--max-cost: $0.5 for this shard, one of 4 equal shares" in result.err


def test_a_cost_limit_without_prices_is_wrong_usage_and_plays_nothing(talks: Project) -> None:
    """The lines to write are said, and they are valid once they hold the prices. From tapes nothing is paid."""
    result = talks.run("test", "--max-cost", "2")

    assert (result.code, result.out) == (64, "")
    assert "--max-cost needs prices, and asstctl.yaml has none" in result.err
    assert (
        "  test:\n    prices:  # US dollars for a million tokens\n      gpt-4o: {input: USD, output: USD}\n"
        in result.err
    )
    lines = textwrap.dedent(result.err[result.err.index("  test:\n") :])
    with (talks.root / "asstctl.yaml").open("a", encoding="utf-8") as file:
        file.write(lines.replace("USD", "1"))
    assert talks.run("test", "--max-cost", "2").code == 0
    assert talks.run("test", "--record").code == 0
    talks.write("asstctl.yaml", (talks.root / "asstctl.yaml").read_text("utf-8").partition("test:\n")[0])
    assert talks.run("test", "--max-cost", "2", "--replay").code == 0


def test_a_run_whose_model_has_no_price_is_inconclusive(talks: Project) -> None:
    """Also where all of it had begun when that was learned, and whatever passed."""
    with (talks.root / "asstctl.yaml").open("a", encoding="utf-8") as file:
        file.write(PRICED.replace("gpt-4o", "another"))

    result = talks.run("test", "--max-cost", "2", "-j", "99")

    assert result.code == 3
    assert "--max-cost cannot be kept for gpt-4o, which has no price" in " ".join(result.err.split())
    assert "4 passed in " in result.out
    assert "Stopped: the cost limit of the run cannot be kept: its cost is not known" in " ".join(result.out.split())


def test_a_budget_in_dollars_without_prices_is_an_error_at_its_place(talks: Project) -> None:
    talks.write("assistants/b.convo.yaml", FAILS + "budget:\n  tokens: 9000\n  cost_usd: 0.5\n")

    result = talks.run("validate")

    line = len(FAILS.strip().splitlines()) + 3
    assert result.code != 0
    assert "`cost_usd` needs prices, and asstctl.yaml has none" in result.err + result.out
    assert f"assistants/b.convo.yaml:{line}" in result.err + result.out
    with (talks.root / "asstctl.yaml").open("a", encoding="utf-8") as file:
        file.write(PRICED)
    assert talks.run("validate").code == 0


COSTS = """
assistant: tutor
conversations:
  - id: cheap
    turns: [{user: Hi, expect: {contains: Hi, cost: {max_usd: 0.02}}}]
  - id: other-model
    run: {model: gpt-4o-mini}
    turns: [{user: Hi, expect: {contains: Hi}}]
    finally: {expect: {cost: {max_usd: 0.5}}}
"""


@pytest.mark.parametrize("command", [("validate",), ("test", "--check")])
def test_a_limit_of_cost_names_the_model_that_has_no_price(project: Project, command: tuple[str, ...]) -> None:
    """And where to write it; with its price nothing is said."""
    project.write("assistants/costs.convo.yaml", COSTS)

    def said() -> str:
        result = project.run(*command)
        assert result.code == 0
        return " ".join((result.out + result.err).split())

    without = said()
    with (project.root / "asstctl.yaml").open("a", encoding="utf-8") as file:
        file.write(PRICED)
    with_one = said()
    both = "{gpt-4o: {input: 1, output: 2}, gpt-4o-mini: {input: 1, output: 2}}"
    (project.root / "asstctl.yaml").write_text(f"version: 1\nproject: school\ntest: {{prices: {both}}}\n")

    assert "`cost` cannot be measured: `gpt-4o` has no price" in without
    assert "for a million tokens: `test: {prices: {gpt-4o: {input: USD, output: USD}}}`" in without
    assert "`gpt-4o` has" not in with_one
    assert "`cost` cannot be measured: `gpt-4o-mini` has no price" in with_one
    assert "no price" not in said()


def test_a_missing_tape_of_a_repeat_is_recorded_with_as_many(talks: Project) -> None:
    """As they were asked for."""
    assert talks.run("test", "--record", "--repeat", "2").code == 0
    (talks.root / "assistants/tutor.yaml").write_text(
        (talks.root / "assistants/tutor.yaml").read_text("utf-8").replace("beginners", "experts"), "utf-8"
    )

    result = talks.run("test", "--replay", "--repeat", "2")

    assert result.code == 3
    assert "--record --repeat 2" in result.out
    assert "--repeat" not in talks.run("test", "--replay").out


def test_what_was_kept_is_left_alone_by_gc(talks: Project) -> None:
    """The report names the command that removes it."""
    talks.write("assistants/fails.convo.yaml", FAILS)
    assert "to remove  asstctl test gc --all\n" in talks.run("test", "--keep-failed").out

    left = " ".join(talks.done("test", "gc").split())
    assert "1 thread that was kept on purpose. To remove it too: asstctl test gc --all" in left
    assert "Removed 1 object from local." in talks.done("test", "gc", "--all")
    assert "Nothing to remove on local." in talks.done("test", "gc", "--all")


def test_tapes_that_one_change_made_stale_are_recorded_again_by_one_command(talks: Project) -> None:
    talks.write("assistants/more.convo.yaml", "assistant: tutor\nturns: [{user: Hi, expect: {contains: Hi}}]\n")
    talks.done("test", "--record")
    tutor = talks.root / "assistants/tutor.yaml"
    tutor.write_text(re.sub("instructions: .*", "instructions: Be brief.", tutor.read_text("utf-8")), "utf-8")

    every = talks.run("test", "--replay").out
    some = talks.run("test", "--replay", FILE).out

    assert "STALE 5 conversations\n" in every
    assert " ".join(every.split()).count("instructions changed since it was recorded") == 1
    assert "  record     asstctl test --record\n" in every
    assert "5 of 5 conversations need a new recording: asstctl test --auto\n" in every
    assert f"  record     asstctl test --record {FILE}\n" in some
    assert "5 passed" in (talks.done("test", "--auto") and talks.done("test", "--replay"))


def test_lines_on_stdout_are_lines_alone(talks: Project) -> None:
    lines = [json.loads(line) for line in talks.done("test", "--format", "jsonl").splitlines()]

    assert [line["line"] for line in lines] == ["header", *["case"] * 4, "summary"]


def test_junit_on_stdout_is_a_document(talks: Project) -> None:
    assert ElementTree.fromstring(talks.done("test", "--format", "junit")).get("tests") == "4"


def test_reports_stand_beside_the_text(talks: Project) -> None:
    talks.write("assistants/fails.convo.yaml", FAILS)

    result = talks.run("test", "--junit", "j.xml", "--jsonl", "l.jsonl")

    assert result.code == 1
    (failure,) = ElementTree.parse(talks.root / "j.xml").iter("failure")
    assert failure.text is not None
    assert failure.text in result.out
    assert "rerun      asstctl test assistants/fails.convo.yaml" in failure.text


def test_a_page_stands_beside_the_text_and_on_stdout(talks: Project) -> None:
    talks.done("test", "--html", "page.html", "--jsonl", "l.jsonl")
    talks.done("test", "merge", "l.jsonl", "--html", "all.html")

    for name in ("page.html", "all.html"):
        assert "<h1>All 4 conversations passed</h1>" in (talks.root / name).read_text("utf-8")
    assert talks.done("test", "--format", "html").startswith("<!doctype html>")


def test_a_rerun_of_one_cell_plays_that_cell(talks: Project) -> None:
    talks.write(FILE, GREETS.replace('contains: "{{ matrix.number }}"', "contains: two"))

    failed = talks.run("test")
    (command,) = [line.split("asstctl ", 1)[1] for line in failed.out.splitlines() if "rerun" in line]

    assert command == f"test '{FILE}::counts[one]'"
    again = talks.run("test", command.split("'")[1])
    assert (again.code, "0 passed, 1 failed" in again.out) == (1, True)


@pytest.mark.parametrize("arguments", [("--fail-fast", FILE, "assistants/fails.convo.yaml"), ("--fail-fast=1",)])
def test_fail_fast_ends_the_run_and_takes_no_argument_for_its_number(
    talks: Project, arguments: tuple[str, ...]
) -> None:
    talks.write("assistants/a.convo.yaml", FAILS)
    talks.write("assistants/fails.convo.yaml", FAILS)

    result = talks.run("test", "-j", "1", *arguments)

    assert result.code == 1
    assert "1 failed" in result.out


def test_repeats_are_rated(talks: Project) -> None:
    result = talks.run("test", f"{FILE}::greets", "--repeat", "3", "--pass", "2")

    assert result.code == 0
    assert "2 of 2 passed, 2 needed" in result.out


@pytest.mark.parametrize("width", ["80", "120"])
def test_the_help_is_in_sections_and_holds_80_columns(project: Project, width: str) -> None:
    text = project.done("test", "--help")

    assert [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")] == [
        "Which conversations:",
        "What they talk to:",
        "How they are played:",
        "What they are compared with:",
        "What counts:",
        "What is shown:",
        "Options of every command:",
    ]
    assert max(map(len, text.splitlines())) <= 80


def test_quiet_shows_what_did_not_pass_and_the_summary(talks: Project) -> None:
    talks.write("assistants/fails.convo.yaml", FAILS)
    told = talks.run("test", "-q", "--tag", "smoke", "assistants/talks.convo.yaml")
    failed = talks.run("test", "-q")

    assert told.code == 0
    assert told.out.startswith("4 passed in ")
    assert len(told.out.splitlines()) == 1
    assert "fails" in failed.out
    assert "greets" not in failed.out


def test_what_is_no_result_of_ours_is_one_error_and_nothing_would_have_been_sent(talks: Project) -> None:
    talks.write("other.csv", "id,name\n1,a\n2,b\n")
    told = talks.run("test", "merge", "other.csv")

    assert told.code == 1
    assert "write one with: asstctl test --jsonl FILE" in told.err
    assert "1 error.\n" in told.err
    assert "Nothing was sent" not in told.err


def test_test_merge_needs_a_file(project: Project) -> None:
    assert project.run("test", "merge").code == 64
    assert project.run("test", "merge", "nowhere.jsonl").code == 64
