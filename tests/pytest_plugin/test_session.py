"""What pytest collects, chooses, runs and shows of conversations."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from asstctl.core.conversation import Status
from asstctl.pytest_plugin.playing import play_one
from asstctl.pytest_plugin.session import how_of
from asstctl.workspace.conversations.ledger import ledger_runs
from tests.pytest_plugin.samples import GREETS, SEVERAL, SHOP, WAITS, written

pytest_plugins = ("pytester",)

FAILS = GREETS.replace("contains: hello", "contains: goodbye")
UNREADABLE = "assistant: [shop\n"
MISSPELT = GREETS.replace("expect", "expct")


@pytest.fixture(scope="module", autouse=True)
def _all_is_loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a run inside of this process imports is unloaded after it, and would be imported anew by each of them."""
    root = tmp_path_factory.mktemp("loaded")
    written(root, {"greets.convo.yaml": GREETS})
    result = play_one(how_of(root, None, in_memory=True), "assistants/greets.convo.yaml::greets")
    assert result.status is Status.PASSED


@pytest.fixture
def root(pytester: pytest.Pytester) -> Path:
    written(pytester.path, {"greets.convo.yaml": GREETS, "several.convo.yaml": SEVERAL})
    return pytester.path


def collected(pytester: pytest.Pytester, *options: str) -> list[str]:
    return [item.nodeid for item in pytester.inline_genitems("-q", *options)[0]]


def test_there_is_an_item_for_each_conversation_and_cell_in_the_order_of_the_file(
    root: Path, pytester: pytest.Pytester
) -> None:
    several = [
        f"assistants/several.convo.yaml::{id}" for id in ("says[en]", "says[de]", "often", "runs-code", "too-slow")
    ]
    assert collected(pytester) == ["assistants/greets.convo.yaml::greets", *several]


def test_items_know_their_lines(root: Path, pytester: pytest.Pytester) -> None:
    items, _ = pytester.inline_genitems("assistants/several.convo.yaml::often")
    path, line, name = items[0].reportinfo()
    assert (Path(path).read_text("utf-8").splitlines()[line or 0].strip(), name) == ("- id: often", "often")


@pytest.mark.parametrize(
    "options, count",
    [
        (("-k", "says"), 2),
        (("-k", "shop and not several"), 1),
        (("-m", "smoke"), 1),
        (("-m", "several"), 5),
        (("assistants/several.convo.yaml::often",), 1),
        (("-p", "no:asstctl"), 0),
        (("-o", "asstctl=false"), 0),
    ],
    ids=["words", "not", "tag", "tag-of-the-file", "node", "no-plugin", "ini"],
)
def test_options_of_pytest_choose(root: Path, pytester: pytest.Pytester, options: tuple[str, ...], count: int) -> None:
    result = pytester.runpytest_inprocess("--co", "-q", "--strict-markers", "-W", "error", *options)
    assert sum("::" in line for line in result.outlines) == count


def test_a_tag_that_is_no_name_or_pytests_own_becomes_one(pytester: pytest.Pytester) -> None:
    written(pytester.path, {"greets.convo.yaml": GREETS.replace("[smoke]", "[needs-key, skip, 2nd]")})
    items, _ = pytester.inline_genitems("--strict-markers", "-W", "error")
    assert [mark.name for mark in items[0].iter_markers()] == ["needs_key", "tag_skip", "tag_2nd"]


def test_only_files_that_a_project_finds_are_collected(pytester: pytest.Pytester) -> None:
    written(pytester.path / "shop", {"greets.convo.yaml": GREETS})
    for name in ("shop/elsewhere", "stray/assistants", "stray"):
        (pytester.path / name).mkdir(exist_ok=True, parents=True)
        (pytester.path / name / "stray.convo.yaml").write_text(GREETS, "utf-8")
    assert collected(pytester) == ["shop/assistants/greets.convo.yaml::greets"]


def test_a_project_needs_no_project_file(pytester: pytest.Pytester) -> None:
    written(pytester.path, {"greets.convo.yaml": GREETS})
    (pytester.path / "asstctl.yaml").unlink()
    pytester.runpytest_inprocess("-q").assert_outcomes(passed=1)


def test_to_collect_needs_no_secret_and_makes_nothing(
    root: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = "version: 1\nproject: shop\ntargets:\n  far: {provider: assistants, base_url: 'https://far.example/v1', "
    (root / "asstctl.yaml").write_text(project + "api_key: {env: FAR_KEY}}\ndefault_target: far\n", "utf-8")
    assert len(collected(pytester)) == 6
    assert not (root / ".asstctl").exists()


def test_a_file_with_errors_fails_alone_with_our_text(pytester: pytest.Pytester) -> None:
    written(pytester.path, {"a.convo.yaml": UNREADABLE, "b.convo.yaml": MISSPELT, "greets.convo.yaml": GREETS})
    result = pytester.runpytest_inprocess("-q")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["  --> assistants/a.convo.yaml:1:12", "  --> assistants/b.convo.yaml:5:5", "*expct*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_no_choice_leaves_out_a_file_that_cannot_be_read(pytester: pytest.Pytester) -> None:
    written(pytester.path, {"a.convo.yaml": UNREADABLE, "greets.convo.yaml": GREETS})
    pytester.runpytest_inprocess("-q", "-k", "greets").assert_outcomes(passed=1, failed=1, deselected=1)


def test_manifests_with_errors_fail_every_conversation_with_our_text(root: Path, pytester: pytest.Pytester) -> None:
    (root / "assistants/shop.yaml").write_text(SHOP.replace("model", "modell"), "utf-8")
    result = pytester.runpytest_inprocess("-q", "assistants/greets.convo.yaml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["error*modell*"])


def test_a_failure_shows_the_block_of_asstctl_alone(pytester: pytest.Pytester) -> None:
    written(pytester.path, {"greets.convo.yaml": FAILS})
    result = pytester.runpytest_inprocess("--junitxml=junit.xml")
    result.stdout.fnmatch_lines(
        [
            "FAIL shop/greets *",
            "  user       hello",
            "  assistant  hello",
            '               the reply must contain "goodbye"',
            "  rerun      asstctl test assistants/greets.convo.yaml",
            "*= conversations =*",
            "1 failed on local, replies echoed: instructions were NOT exercised.",
            "FAILED assistants/greets.convo.yaml::greets - text at *",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    failure = next(ElementTree.parse("junit.xml").iter("failure"))
    assert (failure.text or "").startswith("FAIL shop/greets ")
    assert (failure.get("message") or "").startswith("text at assistants/greets.convo.yaml:")


def test_junit_has_the_time_and_the_properties_of_the_conversation(pytester: pytest.Pytester) -> None:
    written(pytester.path, {"greets.convo.yaml": GREETS.replace("turns", "repeat: {runs: 3, pass: 2}\nturns")})
    pytester.runpytest_inprocess("-q", "--junitxml=junit.xml").assert_outcomes(passed=1)
    case = next(ElementTree.parse("junit.xml").iter("testcase"))
    properties = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert float(case.get("time") or 0) > 0
    assert properties["rate"] == "2 of 2 passed, 2 needed (certain after 2 of 3)"
    assert properties["replies"] == "echoed"
    assert int(properties["tokens"] or 0) > 0
    assert (properties["thread"] or "").startswith("thread_")


def test_a_skip_gives_its_reason_and_the_line_of_the_conversation(root: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("-rs", "-k", "runs-code", "--asstctl-no-code")
    result.assert_outcomes(skipped=1, deselected=5)
    result.stdout.fnmatch_lines(["SKIPPED [[]1] assistants/several.convo.yaml:15: its stubs run code*"])
    again = pytester.runpytest_inprocess("-k", "runs-code", "--asstctl-no-code", "--asstctl-no-skips")
    again.assert_outcomes(failed=1, deselected=5)


def test_those_that_failed_are_played_again(root: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest_inprocess("-q", "--asstctl-no-code").assert_outcomes(passed=3, failed=2, skipped=1)
    pytester.runpytest_inprocess("-q", "--lf").assert_outcomes(failed=2)


def test_with_pdb_each_waits_for_its_turn(pytester: pytest.Pytester) -> None:
    written(pytester.path, {"a.convo.yaml": FAILS, "waits.convo.yaml": WAITS}, waits=True)
    pytester.makepyfile(mute="import pdb\n\nclass Mute(pdb.Pdb):\n    def interaction(self, *given):\n        pass\n")
    pytester.syspathinsert()
    pytester.runpytest_inprocess("-q", "-x", "--pdb", "--pdbcls=mute:Mute").assert_outcomes(failed=1)
    assert not (pytester.path / "assistants/waiting").exists()


def test_after_the_first_failure_the_rest_is_broken_off_and_removed(pytester: pytest.Pytester) -> None:
    written(pytester.path, {"a.convo.yaml": FAILS, "waits.convo.yaml": WAITS}, waits=True)
    began = time.monotonic()
    pytester.runpytest_inprocess("-q", "-x").assert_outcomes(failed=1)
    assert time.monotonic() - began < 50
    assert ledger_runs(pytester.path) == ()


def test_an_interruption_removes_what_was_made(pytester: pytest.Pytester) -> None:
    written(pytester.path, {"waits.convo.yaml": WAITS}, waits=True)
    testing = subprocess.Popen([sys.executable, "-m", "pytest", "-q"], stdout=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 40
        while not (pytester.path / "assistants/waiting").exists():
            assert time.monotonic() < deadline
            assert testing.poll() is None, testing.communicate()
            time.sleep(0.02)
        assert len(ledger_runs(pytester.path)) == 1
        testing.send_signal(signal.SIGINT)
        out, _ = testing.communicate(timeout=40)
    finally:
        testing.kill()
        testing.wait()
    assert testing.returncode == 2, out
    assert "interrupted" in out
    assert "threading.py" not in out
    assert ledger_runs(pytester.path) == ()


@pytest.mark.parametrize(
    "options, ini, environment",
    [
        (("--asstctl-target=none",), "", {}),
        ((), "asstctl_target = none", {}),
        ((), "", {"ASSTCTL_TARGET": "none"}),
        (("--asstctl-target=none",), "asstctl_target = local", {"ASSTCTL_TARGET": "local"}),
        ((), "asstctl_target = local", {"ASSTCTL_TARGET": "none"}),
    ],
    ids=["typed", "ini", "environment", "typed-first", "ini-last"],
)
def test_a_target_is_typed_or_written_or_in_the_environment(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    ini: str,
    environment: dict[str, str],
) -> None:
    written(pytester.path, {"greets.convo.yaml": GREETS})
    pytester.makeini(f"[pytest]\n{ini}\n")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = pytester.runpytest_inprocess("-q", *options)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["error[[]usage]: there is no target 'none'"])


def test_an_option_that_cannot_be_understood_is_said(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(pytester.path, {"greets.convo.yaml": GREETS})
    monkeypatch.setenv("ASSTCTL_JOBS", "many")
    result = pytester.runpytest_inprocess("-q")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*asstctl_jobs must be a number, and is `many`"])


def test_conversations_play_while_other_tests_do(pytester: pytest.Pytester) -> None:
    """They begin with the first test of any kind, and are asked for where they stand."""
    written(pytester.path, {"greets.convo.yaml": GREETS})
    pytester.makepyfile(test_first="def test_one():\n    pass\n")
    pytester.runpytest_inprocess("-q", "test_first.py", "assistants").assert_outcomes(passed=2)


def test_a_function_is_called_for_each_conversation_and_plays_it(pytester: pytest.Pytester) -> None:
    written(pytester.path, {"greets.convo.yaml": GREETS, "fails.convo.yaml": FAILS, "several.convo.yaml": SEVERAL})
    pytester.makepyfile(
        test_functions="""
        import pytest
        from asstctl.pytest_plugin import conversations, run_conversation

        @conversations("assistants/greets.convo.yaml")
        def test_greets(conversation):
            result = run_conversation(conversation)
            assert result.turns[0].reply == "hello"

        @conversations("assistants/fails.convo.yaml")
        def test_fails(conversation):
            run_conversation(conversation)

        @conversations("assistants/several.convo.yaml")
        def test_ids(conversation):
            assert conversation.id in {"says[en]", "says[de]", "often", "runs-code", "too-slow"}
        """
    )
    result = pytester.runpytest_inprocess("-v", "test_functions.py")
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(["*::test_greets[[]greets] PASSED*", "FAIL shop/fails *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_fixture_says_what_a_variable_is(pytester: pytest.Pytester) -> None:
    written(pytester.path, {"greets.convo.yaml": GREETS.replace("hello", "'hello {{ vars.who }}'")})
    project = (pytester.path / "asstctl.yaml").read_text("utf-8")
    (pytester.path / "asstctl.yaml").write_text(project + "vars: {who: nobody}\n", "utf-8")
    pytester.makepyfile(
        """
        import pytest
        from asstctl.pytest_plugin import conversations, run_conversation

        @pytest.fixture
        def who():
            return "world"

        @conversations("assistants/greets.convo.yaml")
        def test_greets(conversation, who):
            assert run_conversation(conversation, {"who": who}).turns[0].reply == "hello world"
        """
    )
    pytester.runpytest_inprocess("-q").assert_outcomes(passed=2)


def test_a_value_of_a_test_goes_before_that_of_the_file_and_keeps_its_type(pytester: pytest.Pytester) -> None:
    own = GREETS.replace("turns:", "vars: {who: nobody, orders: [1]}\nturns:")
    expects = '"hello {{ vars.who }} {{ vars.orders | length }}"'
    written(pytester.path, {"greets.convo.yaml": own.replace("hello", expects)})
    pytester.makepyfile(
        """
        import datetime, pytest
        from asstctl.pytest_plugin import conversations, run_conversation

        @conversations("assistants/greets.convo.yaml")
        def test_greets(conversation):
            result = run_conversation(conversation, {"who": "world", "orders": [1, 2, 3]})
            assert result.turns[0].reply == "hello world 3"

        @conversations("assistants/greets.convo.yaml")
        def test_misspelt(conversation):
            run_conversation(conversation, {"whom": "world"})

        @conversations("assistants/greets.convo.yaml")
        def test_no_json(conversation):
            with pytest.raises(TypeError, match="the variable who is a date"):
                run_conversation(conversation, {"who": datetime.date.today()})
        """
    )
    result = pytester.runpytest_inprocess("-q", "--asstctl-var", "who=typed", "-k", "test_")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*whom: no variable is called so*"])


_LOADED = """
import json, sys, pytest
code = pytest.main(sys.argv[1:])
print("\\n" + json.dumps([int(code), sorted(sys.modules)]))
"""


def loaded(folder: Path, *options: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED, "-q", "-p", "no:hypothesispytest", *options],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stdout
    return set(modules)


def test_a_run_without_conversations_loads_nothing_of_ours(pytester: pytest.Pytester) -> None:
    """The plugin and its table of options, and what pytest would load anyway."""
    pytester.makepyfile("def test_one():\n    pass\n")
    (pytester.path / "stray.yaml").write_text("a: 1\n", "utf-8")
    with_it, without = loaded(pytester.path), loaded(pytester.path, "-p", "no:asstctl")
    assert with_it - without == {"asstctl", "asstctl.pytest_plugin", "asstctl.pytest_plugin.options"}


def test_to_collect_loads_nothing_that_plays(root: Path) -> None:
    found = loaded(root, "--co")
    assert "asstctl.pytest_plugin.files" in found
    heavy = {"openai", "httpx2", "jinja2", "rich", "starlette", "deepdiff", "asstctl.workspace.conversations.test"}
    assert found.isdisjoint(heavy)
