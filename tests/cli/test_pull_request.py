"""The story of a pull request: an instruction changes, its copy is tested beside what is deployed, and the gate opens.

The replies come from a model whose answer depends on its instructions, so that these are exercised.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx2
import pytest

from tests.cli.conftest import TUTOR, Project
from tests.cli.test_serve import Serving

GUAGUA = """
kind: assistant
key: guagua
name: Guagua
model: gpt-4o
instructions: You are kind.
"""
SMOKE = """
assistant: guagua
tags: [smoke]
turns:
  - user: Who are you?
    expect: {icontains: kind}
"""
OTHER = """
assistant: tutor
tags: [smoke]
turns:
  - user: Who are you?
    expect: {icontains: mathematics}
"""


class Model:
    """A chat endpoint that says what it was told to be. `asked` is set with the first request of a run that `waits`."""

    def __init__(self) -> None:
        self.waits = False
        self.asked, self.goes_on = Event(), Event()
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if model.waits:
                    model.asked.set()
                    model.goes_on.wait(20)
                said = " ".join(one["content"] for one in body["messages"] if one["role"] == "system")
                message = {"role": "assistant", "content": f"I was told: {said}"}
                answer = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        self.goes_on.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Deployed:
    """A project, deployed on a server whose replies come from the model."""

    def __init__(self, project: Project, url: str, model: Model) -> None:
        self.project, self.url, self.model = project, url, model

    def listed(self, collection: str = "assistants") -> list[dict[str, Any]]:
        with httpx2.Client(trust_env=False) as client:
            found: list[dict[str, Any]] = client.get(f"{self.url}/{collection}?limit=100&order=asc").json()["data"]
        return found

    @property
    def instructions(self) -> dict[str, str]:
        """What is deployed, by name: no copy may be among them."""
        assert len(self.listed()) == 2
        return {one["name"]: one["instructions"] for one in self.listed()}

    def changed(self, instructions: str) -> None:
        self.project.write("assistants/guagua.yaml", GUAGUA.replace("You are kind.", instructions))


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    found = Model()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def url(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("serving")
    replies = f'{{chat: {{base_url: "{model.url}", models: {{"*": m}}}}}}'
    text = f"version: 1\nproject: server\ntargets: {{local: {{provider: local, replies: {replies}}}}}\n"
    (folder / "asstctl.yaml").write_text(text)
    server = Serving(folder, "-q")
    yield server.url
    server.stop()


@pytest.fixture
def deployed(project: Project, url: str, model: Model) -> Iterator[Deployed]:
    project.write(
        "asstctl.yaml",
        f"""
        version: 1
        project: school
        default_target: prod
        targets:
          prod: {{provider: assistants, base_url: "{url}"}}
          local: {{provider: local}}
        """,
    )
    project.write("assistants/guagua.yaml", GUAGUA)
    project.write("assistants/guagua.convo.yaml", SMOKE)
    project.write("assistants/tutor.convo.yaml", OTHER)
    committed(project.root)
    project.done("apply", "--yes")
    yield Deployed(project, url, model)
    project.done("destroy", "--yes", "--max-deletes", "9")


def committed(root: Path) -> None:
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "a"]):
        who = ("-c", "user.name=n", "-c", "user.email=n@example.org")
        subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def plain(text: str) -> str:
    return " ".join(text.split())


def test_what_differs_is_refused_with_both_ways_on(deployed: Deployed) -> None:
    deployed.changed("You are kind, and brief.")

    result = deployed.project.run("test")

    assert result.code == 1
    said = "assistant.guagua on prod is not what your files say (instructions differ)."
    assert f"{said} Test the files: --candidate. Test what is deployed: --live." in plain(result.err)


def test_what_is_deployed_is_tested_as_it_is(deployed: Deployed) -> None:
    deployed.changed("You are rude.")

    result = deployed.project.run("test", "--live")

    assert result.code == 0, result
    assert "assistant.guagua on prod is not what your files say (instructions differ)" in plain(result.out + result.err)


def test_what_is_not_deployed_cannot_be_tested_live(deployed: Deployed) -> None:
    deployed.project.write("assistants/new.yaml", GUAGUA.replace("guagua", "new").replace("Guagua", "New"))
    deployed.project.write("assistants/new.convo.yaml", SMOKE.replace("guagua", "new"))

    result = deployed.project.run("test", "--live", "assistants/new.convo.yaml")

    assert result.code == 1
    assert "assistant.new is not deployed on prod" in plain(result.err)


def test_only_the_conversations_concerned_are_had_on_copies(deployed: Deployed) -> None:
    """With the difference between the replies of what is deployed and of the copy; then the copies are gone."""
    deployed.changed("You are kind, and brief.")

    result = deployed.project.run("test", "--candidate", "--affected", "--format", "json")

    assert result.code == 0, result
    suite = json.loads(result.out)
    (case,) = suite["cases"]
    assert (suite["candidate"], case["assistant"], case["status"]) == (True, "guagua", "passed")
    assert case["turns"][0]["reply"] == "I was told: You are kind, and brief."
    assert case["deployed"]["turns"][0]["reply"] == "I was told: You are kind."
    assert deployed.instructions["Guagua"] == "You are kind."
    assert list((deployed.project.root / ".asstctl/ledger").iterdir()) == []


def test_the_difference_of_the_replies_is_shown(deployed: Deployed) -> None:
    deployed.changed("You are kind, and brief.")

    shown = deployed.project.done("test", "--candidate", "--affected")

    assert "You are kind" in shown
    assert "and brief" in shown


def test_what_a_copy_replied_is_the_tape_of_the_files(deployed: Deployed) -> None:
    """It is fresh as long as the files say so, and the same that what is applied gives; nothing of what was deployed
    before is on it."""
    deployed.changed("You are kind, and brief.")

    deployed.project.done("test", "--candidate", "--record", "assistants/guagua.convo.yaml")

    (tape,) = (deployed.project.root / "assistants/tapes").iterdir()
    before = tape.read_bytes()
    assert b"I was told: You are kind, and brief." in before
    assert b'I was told: You are kind."' not in before
    assert "1 passed" in deployed.project.done("test", "--replay", "assistants/guagua.convo.yaml")
    deployed.project.done("apply", "--yes")
    deployed.project.done("test", "--record", "assistants/guagua.convo.yaml")
    assert tape.read_bytes() == before
    deployed.changed("You are kind.")
    assert deployed.project.run("test", "--replay", "assistants/guagua.convo.yaml").code == 3


def test_a_conversation_that_changed_is_affected_though_no_assistant_did(deployed: Deployed) -> None:
    deployed.project.write("assistants/tutor.convo.yaml", OTHER.replace("Who are you?", "And who are you?"))

    suite = json.loads(deployed.project.done("test", "--affected", "--format", "json"))

    assert [case["assistant"] for case in suite["cases"]] == ["tutor"]


def test_where_nothing_changed_nothing_is_affected_and_that_is_fine(deployed: Deployed) -> None:
    suite = json.loads(deployed.project.done("test", "--affected", "--candidate", "--format", "json"))

    assert (suite["cases"], suite["empty_is_fine"]) == ([], True)


def test_the_gate_opens_on_green(deployed: Deployed) -> None:
    deployed.changed("You are kind, and brief.")

    result = deployed.project.run("apply", "--gate", "smoke", "--yes")

    assert result.code == 0, result
    assert "1 passed" in result.out
    assert deployed.instructions == {
        "Guagua": "You are kind, and brief.",
        "Tutor": "You teach mathematics to beginners.",
    }
    assert "No changes." in deployed.project.done("plan")


def test_the_gate_stays_closed_on_red(deployed: Deployed) -> None:
    deployed.changed("You are rude.")

    result = deployed.project.run("apply", "--gate", "smoke", "--yes")

    assert result.code == 1
    assert "1 failed" in result.out
    assert "The gate is closed: nothing was changed." in result.err
    assert deployed.instructions["Guagua"] == "You are kind."
    deployed.project.write("assistants/guagua.yaml", GUAGUA)
    assert "No changes." in deployed.project.done("plan")


def test_a_saved_plan_passes_its_gate_too(deployed: Deployed) -> None:
    deployed.changed("You are rude.")
    deployed.project.done("plan", "--out", "plan.json")
    closed = deployed.project.run("apply", "plan.json", "--gate", "smoke", "--format", "json")
    assert (closed.code, json.loads(closed.out)["gate"]["counts"]["failed"]) == (1, 1)
    assert deployed.instructions["Guagua"] == "You are kind."

    deployed.changed("You are very kind.")
    deployed.project.done("plan", "--out", "plan.json")
    deployed.project.done("apply", "plan.json", "--gate", "smoke")
    assert deployed.instructions["Guagua"] == "You are very kind."
    assert "No changes." in deployed.project.done("plan")


def test_a_promotion_passes_a_gate_too(deployed: Deployed) -> None:
    deployed.changed("You are rude.")
    deployed.project.done("apply", "--target", "local", "--yes")

    closed = deployed.project.run("promote", "--from", "local", "--to", "prod", "--gate", "smoke", "--yes")

    assert closed.code == 1
    assert deployed.instructions["Guagua"] == "You are kind."


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("smoek", "no conversation has the tag 'smoek'"),
        ("maths", "assistant.guagua would change, and no conversation with the tag maths talks to it"),
    ],
)
def test_a_gate_that_asks_nobody_about_a_change_is_closed(deployed: Deployed, tag: str, said: str) -> None:
    deployed.project.write("assistants/tutor.convo.yaml", OTHER.replace("[smoke]", "[smoke, maths]"))
    deployed.changed("You are kind, and brief.")

    result = deployed.project.run("apply", "--gate", tag, "--yes")

    assert result.code == 1
    assert said in plain(result.err)
    assert deployed.instructions["Guagua"] == "You are kind."


def test_a_gate_before_a_plan_that_is_empty_asks_nobody(deployed: Deployed) -> None:
    result = deployed.project.run("apply", "--gate", "smoke", "--yes", "-v")

    assert result.code == 0
    assert "/threads" not in result.err


def test_a_gate_asks_about_what_is_applied_alone(deployed: Deployed) -> None:
    """What `--only` leaves out is neither tested nor applied."""
    deployed.changed("You are rude.")
    deployed.project.write("assistants/tutor.yaml", TUTOR.replace("0.2", "0.3"))

    deployed.project.done("apply", "--gate", "smoke", "--only", "tutor", "--yes")

    assert deployed.instructions["Guagua"] == "You are kind."
    assert [one["temperature"] for one in deployed.listed() if one["name"] == "Tutor"] == [0.3]
    deployed.project.write("assistants/guagua.yaml", GUAGUA)
    assert "No changes." in deployed.project.done("plan")


def test_a_skip_is_no_pass_where_none_is_allowed(deployed: Deployed) -> None:
    """What was left out proves nothing."""
    deployed.project.write("assistants/stub.py", "def ask():\n    return 1\n")
    stub = "\nstubs: {ask: {python: 'stub.py:ask'}}\n"
    deployed.project.write("assistants/guagua.convo.yaml", SMOKE + stub)
    deployed.changed("You are kind, and brief.")

    result = deployed.project.run("test", "--candidate", "--affected", "--no-code", "--no-skips")

    assert result.code == 1
    assert deployed.instructions["Guagua"] == "You are kind."


def test_a_kill_in_the_middle_leaves_copies_that_gc_removes(deployed: Deployed) -> None:
    deployed.changed("You are kind, and brief.")
    _interrupted(deployed, signal.SIGKILL, -signal.SIGKILL)
    assert [one["metadata"]["asstctl_key"].partition("~")[0] for one in deployed.listed()].count(
        "assistant.guagua"
    ) == 2

    said = deployed.project.done("test", "gc")

    assert "assistant.guagua~" in said
    assert "thread" in said
    assert deployed.instructions["Guagua"] == "You are kind."
    assert "Nothing to remove on prod." in deployed.project.done("test", "gc")


_HANGS_UP = pytest.mark.skipif(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, reason="children outlive terminals")


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, id="a cancelled job"),
        pytest.param(signal.SIGHUP, id="a closed terminal", marks=_HANGS_UP),
    ],
)
def test_an_interrupt_in_the_middle_leaves_nothing(deployed: Deployed, number: int) -> None:
    deployed.changed("You are kind, and brief.")
    _interrupted(deployed, number, 130)
    assert deployed.instructions["Guagua"] == "You are kind."
    assert "Nothing to remove on prod." in deployed.project.done("test", "gc")


def _interrupted(deployed: Deployed, number: int, code: int) -> None:
    """`test --candidate`, ended by a signal once the copy was asked something."""
    model = deployed.model
    model.waits = True
    model.asked.clear()
    model.goes_on.clear()
    command = [sys.executable, "-m", "asstctl", "test", "--candidate", "--affected"]
    process = subprocess.Popen(
        command, cwd=deployed.project.root, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert model.asked.wait(20)
    process.send_signal(number)
    if number != signal.SIGKILL:
        model.goes_on.set()
    process.communicate(timeout=20)
    model.waits = False
    model.goes_on.set()
    assert process.returncode == code


def test_what_may_be_of_another_machine_is_spared_and_the_way_on_is_said(deployed: Deployed) -> None:
    marks = {"asstctl_project": "school", "asstctl_base": "1;;n=abcdefgh;"}
    marks["asstctl_key"] = "assistant.guagua~20261122-163000-k3x9"
    with httpx2.Client(trust_env=False) as client:
        client.post(f"{deployed.url}/assistants", json={"model": "gpt-4o", "metadata": marks}).raise_for_status()

    spared = deployed.project.run("test", "gc")
    assert (spared.code, "asstctl test gc --all" in spared.err) == (0, True)
    assert len(deployed.listed()) == 3
    found = json.loads(deployed.project.done("test", "gc", "--all", "--format", "json"))
    assert [one["run"] for one in found["removed"]] == ["20261122-163000-k3x9"]
    assert deployed.instructions["Guagua"] == "You are kind."


def test_a_file_named_gc_is_a_file(deployed: Deployed) -> None:
    """`test gc` is a command; a folder of that name is `./gc`."""
    deployed.project.write("assistants/gc/more.convo.yaml", OTHER)

    suite = json.loads(deployed.project.done("test", "./assistants/gc", "--format", "json"))

    assert [case["id"] for case in suite["cases"]] == ["more"]
