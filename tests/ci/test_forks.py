"""Pull requests out of forks, and runs in which nothing may be done at all."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.ci.conftest import TALK, TUTOR, Desk
from tests.forges.github import Pull

WORDS = ("validate", "plan", "test", "apply", "drift")


class Trap:
    """A server that notes whoever asks it anything."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        trap = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                trap.asked.append(f"{self.command} {self.path}")
                self.send_error(500)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    found = Trap()
    yield found
    found.close()


def out_of_fork(desk: Desk, trap: Trap, files: dict[str, str], replies: str = "echo") -> Pull:
    """A pull request whose every address is the trap's."""
    project = f"""
version: 1
project: school
default_target: prod
test: {{judges: {{default: {{base_url: {trap.url}, model: m}}}}}}
targets:
  prod: {{provider: assistants, base_url: "{trap.url}", api_key: {{env: PROD_KEY}}}}
  local: {{provider: local, replies: {replies}}}
"""
    return desk.proposed({"asstctl.yaml": project, "assistants/tutor.yaml": TUTOR, **files}, fork=True)


@pytest.mark.parametrize("word", ["plan", "drift", "validate"])
def test_files_are_checked_and_no_target_is_asked(desk: Desk, trap: Trap, word: str) -> None:
    """Whatever was asked for; what is wrong with them is shown at its line."""
    pull = out_of_fork(desk, trap, {"assistants/poet.yaml": "kind: assistant\nkye: poet\n"})

    ran = desk.ci(pull.run(), word, PROD_KEY="sk-prod-1", ASSTCTL_ALLOW_ENV="PROD_KEY")

    assert ran.code == 1
    assert "::error file=assistants/poet.yaml,line=2" in ran.out
    assert "`kye` is not a field" in ran.summary
    assert ("comes out of a fork" in ran.summary) is (word != "validate")
    assert trap.asked == []
    assert pull.comments == []
    assert desk.repository.github.lines() == []


def test_sound_files_are_all_that_a_fork_can_show(desk: Desk, trap: Trap) -> None:
    """Its run is green, and leaves no plan."""
    pull = out_of_fork(desk, trap, {})

    ran = desk.ci(pull.run(), "plan")

    assert ran.code == 0
    assert not {"record.json", "plan.json"} & {one.name for one in Path(ran.told["folder"]).iterdir()}
    assert "changes" not in ran.told


def test_conversations_are_had_on_a_local_target(desk: Desk, trap: Trap) -> None:
    """The one that is asked for is not asked."""
    pull = out_of_fork(desk, trap, {})

    ran = desk.ci(pull.run(), "test", "--target", "prod", "--candidate", "--affected", "--format", "json")

    suite = json.loads(ran.out)
    assert (ran.code, suite["target"]["name"], suite["candidate"]) == (0, "local", False)
    assert trap.asked == []
    assert pull.comments == []
    assert "comes out of a fork" in ran.summary


def test_code_of_a_fork_is_not_run(desk: Desk, trap: Trap, tmp_path: Path) -> None:
    """A conversation whose stub is code is skipped, and counted."""
    ran_here = tmp_path / "ran"
    ask = "tools: [{type: function, function: {name: ask, parameters: {type: object, properties: {}}}}]\n"
    stub = {
        "assistants/tutor.yaml": TUTOR + ask,
        "assistants/stub.py": f"import pathlib\npathlib.Path({str(ran_here)!r}).touch()\ndef ask():\n    return 1\n",
        "assistants/tutor.convo.yaml": f"{TALK}stubs: {{ask: {{python: 'stub.py:ask'}}}}\n",
    }
    pull = out_of_fork(desk, trap, stub)

    ran = desk.ci(pull.run(), "test")

    assert "1 skipped" in ran.out
    assert not ran_here.exists()


def test_a_judge_that_a_fork_names_is_not_asked(desk: Desk, trap: Trap) -> None:
    """What it would have decided is left out, and that is said."""
    judged = "assistant: tutor\nturns: [{user: hello, expect: {rubric: Is it kind?}}]\n"
    pull = out_of_fork(desk, trap, {"assistants/judged.convo.yaml": judged})

    ran = desk.ci(pull.run(), "test")

    assert ran.code == 0, ran
    assert "1 ask a judge and are left out for a fork" in " ".join(ran.out.split())
    assert trap.asked == []


def test_a_model_that_a_fork_names_is_not_asked(desk: Desk, trap: Trap) -> None:
    """Only tapes can stand in for it; without one there is no verdict."""
    chat = f'{{chat: {{base_url: "{trap.url}", models: {{"*": m}}}}}}'
    pull = out_of_fork(desk, trap, {}, replies=chat)

    ran = desk.ci(pull.run(), "test")

    assert ran.code == 3
    assert trap.asked == []


def test_conversations_of_a_fork_need_a_local_target(desk: Desk, trap: Trap) -> None:
    """On any other the pull request would say who is asked."""
    project = f"project: school\ntargets:\n  local: {{provider: assistants, base_url: '{trap.url}'}}\n"
    pull = desk.proposed({"asstctl.yaml": project}, fork=True)

    ran = desk.ci(pull.run(), "test")

    assert ran.code == 1
    assert "no target of this project is local" in ran.said
    assert trap.asked == []


@pytest.mark.parametrize("word", WORDS)
def test_nothing_is_done_with_the_rights_of_the_base_branch(desk: Desk, word: str) -> None:
    """`pull_request_target` would run what anybody proposes with the secrets of the repository."""
    pull = desk.proposed({"assistants/tutor.yaml": TUTOR.replace("patient", "rude")})

    ran = desk.ci(pull.run("pull_request_target"), word)

    assert ran.code == 1
    assert "run the workflow on pull_request instead" in ran.said
    assert desk.repository.github.lines() == []
    assert ran.told == {}


def test_files_read_nothing_of_the_environment_that_is_not_allowed(desk: Desk, trap: Trap) -> None:
    """Outside of a pipeline they would: `ci` holds to ASSTCTL_ALLOW_ENV also where nobody set it."""
    pull = out_of_fork(desk, trap, {})
    pull.fork = False

    ran = desk.ci(pull.run(), "plan", PROD_KEY="sk-prod-1")
    allowed = desk.ci(pull.run(), "plan", PROD_KEY="sk-prod-1", ASSTCTL_ALLOW_ENV="PROD_KEY")

    assert "PROD_KEY counts as not set" in ran.said
    assert trap.asked != []
    assert allowed.code == 3
