"""Conversations whose replies a model judges, over a socket, from the file to the exit code."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.cli.conftest import Project

KEY = "sk-judge-key-1234"
Answer = Callable[[str, Any], Any]


@contextmanager
def judge(answer: Answer, asked: list[tuple[str, Any]]) -> Iterator[str]:
    """A server of chat completions and embeddings; yields its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append((self.path, body))
            good = self.headers["authorization"] == f"Bearer {KEY}"
            content = json.dumps(answer(self.path, body)).encode()
            self.send_response(200 if good else 401)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

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


def by_keyword(path: str, body: Any) -> Any:
    """Scores 1 where the requirement says `fine`; texts are alike where they begin alike."""
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    if path == "/v1/embeddings":
        vectors = [[1.0, 0.0] if text.startswith("hello") else [0.0, 1.0] for text in body["input"]]
        data = [{"index": number, "embedding": vector} for number, vector in enumerate(vectors)]
        return {"model": "small-1", "data": data, "usage": usage}
    score = 1.0 if "requirement: fine" in body["messages"][1]["content"] else 0.2
    content = json.dumps({"reason": "it is what it is", "score": score})
    return {"model": "big-2026-01-31", "choices": [{"message": {"content": content}}], "usage": usage}


@pytest.fixture
def judged(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Project, list[tuple[str, Any]]]]:
    """A project with a judge, and what the judge is asked."""
    asked: list[tuple[str, Any]] = []
    monkeypatch.setenv("JUDGE_KEY", KEY)
    with judge(by_keyword, asked) as url:
        project.write(
            "asstctl.yaml",
            f"""
            version: 1
            test:
              judges:
                default: {{base_url: '{url}', api_key: {{env: JUDGE_KEY}}, model: big, embedding_model: small}}
              prices: {{big: {{input: 2, output: 10}}, small-1: {{input: 1, output: 0}}}}
            """,
        )
        yield project, asked


def talk(project: Project, expect: str) -> None:
    project.write("assistants/a.convo.yaml", f"assistant: tutor\nturns:\n  - user: hello there\n    expect: {expect}\n")


def test_a_judged_conversation_passes_and_its_cost_is_told(judged: tuple[Project, list[tuple[str, Any]]]) -> None:
    project, asked = judged
    talk(project, "{rubric: fine, not-rubric: bad, similar: hello}")

    result = json.loads(project.done("test", "--format", "json"))

    [case] = result["cases"]
    assert case["status"] == "passed"
    assert case["judged"] == {"prompt_tokens": 3000, "completion_tokens": 300}
    assert case["judge_cost"] == pytest.approx(2 * 0.003 + 0.001)
    assert sorted(path for path, _ in asked) == ["/v1/chat/completions", "/v1/chat/completions", "/v1/embeddings"]
    questions = [body["messages"][1]["content"] for path, body in asked if path == "/v1/chat/completions"]
    assert all('{"speaker": "user", "text": "hello there"}' in question for question in questions)


def test_a_judges_no_is_a_failure_with_its_reason(judged: tuple[Project, list[tuple[str, Any]]]) -> None:
    project, _ = judged
    talk(project, "{rubric: {says: bad, confirm_fail: 3}, similar: goodbye}")

    result = project.run("test")

    assert result.code == 1, result
    assert "judge_no" in result.out
    assert 'must fulfil "bad" (judge default, 2 verdicts of 2): it is what it is' in " ".join(result.out.split())
    assert 'must be similar to "goodbye" (judge default)' in " ".join(result.out.split())
    assert "assistants/a.convo.yaml:4" in result.out


def test_no_judge_is_asked_where_something_else_failed(judged: tuple[Project, list[tuple[str, Any]]]) -> None:
    project, asked = judged
    talk(project, "{rubric: fine, contains: goodbye}")

    assert project.run("test").code == 1
    assert asked == []


def test_a_judge_without_its_key_is_asked_for_before_anything_is_played(
    judged: tuple[Project, list[tuple[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, asked = judged
    monkeypatch.delenv("JUDGE_KEY")
    talk(project, "{contains: hello}")
    assert project.run("test").code == 0

    talk(project, "{rubric: fine}")
    result = project.run("test")

    assert (result.code, asked) == (1, [])
    assert "JUDGE_KEY is not set" in result.err
    assert "export JUDGE_KEY=..." in result.err


def test_a_judge_needs_its_key_only_where_something_goes_out(
    judged: tuple[Project, list[tuple[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its verdicts are on the tape; one that is not is asked for, and with it the key."""
    project, asked = judged
    talk(project, "{rubric: fine}")
    project.done("test", "--record")
    asked.clear()
    monkeypatch.delenv("JUDGE_KEY")
    assert "1 passed" in project.done("test", "--auto")

    talk(project, "{rubric: bad}")
    result = project.run("test", "--auto", "--format", "json")
    assert (result.code, asked) == (3, [])
    assert "JUDGE_KEY is not set" in result.out

    monkeypatch.setenv("JUDGE_KEY", KEY)
    monkeypatch.setenv("ASSTCTL_AUTO", "1")
    assert [project.run("test").code, len(asked)] == [1, 1]
    monkeypatch.delenv("JUDGE_KEY")
    assert project.run("test").code == 1


@pytest.mark.parametrize("command", [("validate",), ("test", "--check")])
def test_a_judge_that_nobody_configured_is_found_offline(project: Project, command: tuple[str, ...]) -> None:
    talk(project, "{similar: hello}")

    result = project.run(*command)

    assert result.code == 1
    assert "`similar` wants a judge `default`, and asstctl.yaml has none of that name" in " ".join(result.out.split())


def test_a_recorded_verdict_needs_no_key(
    judged: tuple[Project, list[tuple[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a judge was asked and answered is on the tape of its conversation."""
    project, asked = judged
    talk(project, "{rubric: fine, similar: hello}")
    project.done("test", "--record")
    assert len(asked) == 2

    monkeypatch.delenv("JUDGE_KEY")
    project.done("test", "--replay")

    assert len(asked) == 2
    tapes = [path.read_text("utf-8") for path in project.root.rglob("tapes/*")]
    assert tapes
    assert KEY not in "".join(tapes)
