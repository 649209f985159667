"""One suite through `asstctl test`, through pytest and through pytest-xdist: the same verdicts."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from xml.etree import ElementTree

import pytest

from tests.pytest_plugin.samples import GREETS, SEVERAL, SHOP, written

pytest_plugins = ("pytester",)

EXPECTED = {
    "assistants/greets.convo.yaml::greets": "passed",
    "assistants/several.convo.yaml::says[en]": "passed",
    "assistants/several.convo.yaml::says[de]": "failed",
    "assistants/several.convo.yaml::often": "passed",
    "assistants/several.convo.yaml::runs-code": "skipped",
    "assistants/several.convo.yaml::too-slow": "error",
}


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Path:
    written(pytester.path, {"greets.convo.yaml": GREETS, "several.convo.yaml": SEVERAL})
    return pytester.path


def by_command(root: Path, *options: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "asstctl", "test", "--format", "json", *options],
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return {f"{case['where']['path']}::{case['id']}": case["status"] for case in json.loads(done.stdout)["cases"]}


def by_pytest(pytester: pytest.Pytester, *options: str) -> dict[str, str]:
    """Verdicts by node; an error of asstctl is told by its block, for pytest knows failures alone."""
    result = pytester.runpytest_subprocess(
        "-q", "--junitxml=junit.xml", "-o", "junit_family=xunit1", *options, timeout=60
    )
    result.stdout.fnmatch_lines(["*on local, replies *: instructions were NOT exercised."])
    found = {}
    for case in ElementTree.parse(pytester.path / "junit.xml").iter("testcase"):
        failure, skipped = case.find("failure"), case.find("skipped")
        status = "skipped" if skipped is not None else "passed"
        if failure is not None:
            heading = (failure.text or "").split()[0]
            status = {"FAIL": "failed", "ERROR": "error", "MISSING": "missing", "STALE": "stale"}.get(heading, heading)
        found[f"{case.get('file')}::{case.get('name')}"] = status
    return found


@pytest.mark.parametrize("how", [(), ("-n", "2")], ids=["pytest", "xdist"])
def test_verdicts_are_those_of_the_command(suite: Path, pytester: pytest.Pytester, how: tuple[str, ...]) -> None:
    """Passed, failed, skipped, error, a matrix and a repeat."""
    assert by_command(suite, "--no-code") == EXPECTED
    assert by_pytest(pytester, "--asstctl-no-code", *how) == EXPECTED


@contextmanager
def model(asked: list[str]) -> Iterator[str]:
    """A chat endpoint that repeats what it is told and notes it, slow to answer odd numbers; yields its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            said = body["messages"][-1]["content"]
            asked.append(said)
            time.sleep(0.2 * (int(said.split()[-1]) % 2))
            message = {"role": "assistant", "content": said}
            answer = json.dumps({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


COUNTED = """
assistant: shop
matrix: {number: [1, 2, 3, 4, 5, 6]}
turns:
  - user: "%s {{ matrix.number }}"
    expect: {contains: "{{ matrix.number }}"}
"""


@pytest.mark.parametrize(
    "how",
    [("-n", "2", "--dist", mode) for mode in ("load", "loadfile", "worksteal")],
    ids=["load", "loadfile", "worksteal"],
)
def test_each_conversation_is_played_once_by_all_workers_together(
    pytester: pytest.Pytester, how: tuple[str, ...]
) -> None:
    """Counted by the model. Also one that has ended before its worker comes to it."""
    names = ("a", "b", "c")
    written(pytester.path, {f"{name}.convo.yaml": COUNTED % name for name in names})
    asked: list[str] = []
    with model(asked) as url:
        project = pytester.path / "asstctl.yaml"
        project.write_text(project.read_text("utf-8").replace("echo", f"{{chat: {{base_url: '{url}'}}}}"), "utf-8")
        pytester.runpytest_subprocess("-q", *how, timeout=60).assert_outcomes(passed=18)

    assert sorted(asked) == [f"{name} {number}" for name in names for number in range(1, 7)]


def test_verdicts_from_tapes_are_those_of_the_command(suite: Path, pytester: pytest.Pytester) -> None:
    """Without a tape nothing has a verdict; a changed assistant makes a tape stale."""
    only = ("assistants/greets.convo.yaml",)
    assert by_pytest(pytester, "--asstctl-mode=replay", *only) == by_command(suite, "--replay", *only)
    assert by_pytest(pytester, "--asstctl-mode=record", *only) == {f"{only[0]}::greets": "passed"}
    assert by_pytest(pytester, "--asstctl-mode=replay", *only) == {f"{only[0]}::greets": "passed"}
    (suite / "assistants/shop.yaml").write_text(SHOP.replace("brief", "long"), "utf-8")
    stale = by_pytest(pytester, "--asstctl-mode=replay", *only)
    assert stale == by_command(suite, "--replay", *only) == {f"{only[0]}::greets": "stale"}
