"""A secret that a conversation itself says: by a model, a stub or a judge. No report shows it, and no tape holds it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import Project, Result
from tests.cli.test_judges import KEY, judge
from tests.security.test_canary import forms_of

TOKEN = "canary-token/of+a=stub é"
SECRET = 'canary "secret"/of+a variable'
FORMS = tuple(form for secret in (TOKEN, SECRET) for form in forms_of(secret))

WHERE_IT_IS_SAID = {
    "reply": """
        turns: [{user: reply, expect: {equals: x}}]
        """,
    "saved": """
        turns: [{user: reply, save: {k: reply}}, {user: "{{ saved.k }}", expect: {equals: x}}]
        """,
    "argument": """
        turns: [{user: argument, calls: [{look: {a: x}}]}]
        stubs: {look: {return: 1}}
        """,
    "unanswered": """
        turns: [{user: argument}]
        stubs: {look: {when: {a: x}, return: 1}}
        """,
    "output": """
        turns: [{user: call, expect: {equals: x}}]
        stubs: {look: {python: "/stubs.py:environment"}}
        """,
    "failure": """
        turns: [{user: call}]
        stubs: {look: {python: "/stubs.py:fails"}}
        """,
    "judged": """
        turns: [{user: hello, expect: {rubric: it is kind}}]
        """,
}
STUBS = """
import json, os
def environment(a=None):
    print(os.environ)
    return dict(os.environ) | {"again": json.dumps(dict(os.environ)).replace("/", "\\\\/")}
def fails(a=None):
    raise ValueError(os.environ["CANARY_TOKEN"])
"""
FORMATS = ("text", "json", "jsonl", "junit", "html")


def says_it(path: str, body: Any) -> Any:
    content = json.dumps({"reason": f"because of {SECRET} and {json.dumps(TOKEN)}", "score": 0.0})
    return {"model": "m", "choices": [{"message": {"content": content}}], "usage": {"prompt_tokens": 1}}


@pytest.fixture
def chatty(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project in which everybody says what they should not."""
    monkeypatch.setenv("CANARY_TOKEN", TOKEN)
    monkeypatch.setenv("CANARY_SECRET", SECRET)
    monkeypatch.setenv("JUDGE_KEY", KEY)
    said = json.dumps(SECRET)
    project.write(
        "replies.yaml",
        f"""
        rules:
          - {{user: ^reply, say: {said}}}
          - {{user: ^argument, call: {{look: {{a: {said}}}}}}}
          - {{user: ^call, call: {{look: {{a: b}}}}}}
          - {{tool: look, say: "it is {{{{ output }}}}"}}
          - {{say: {said}}}
        """,
    )
    project.write("stubs.py", STUBS)
    project.write(
        "assistants/tutor.yaml",
        """
        kind: assistant
        key: tutor
        name: Tutor
        model: gpt-4o
        instructions: You teach.
        tools: [{type: function, function: {name: look, parameters: {type: object, properties: {a: {type: string}}}}}]
        """,
    )
    for name, conversation in WHERE_IT_IS_SAID.items():
        project.write(f"assistants/{name}.convo.yaml", "        assistant: tutor" + conversation)
    with judge(says_it, []) as url:
        project.write(
            "asstctl.yaml",
            f"""
            version: 1
            project: school
            vars: {{hidden: {{env: CANARY_SECRET, secret: true}}}}
            test:
              env: [CANARY_TOKEN]
              judges: {{default: {{base_url: {url}, api_key: {{env: JUDGE_KEY}}, model: m}}}}
            targets: {{local: {{provider: local, replies: {{script: replies.yaml}}}}}}
            """,
        )
        yield project


def leaks(result: Result, project: Project) -> list[str]:
    """Where it stands, but for the file that makes the model say it and the database that was told it."""
    places = {"stdout": result.out.encode(), "stderr": result.err.encode()}
    for path in project.root.rglob("*"):
        if path.is_file() and path.name != "replies.yaml" and not path.name.startswith("local.db"):
            places[str(path)] = path.read_bytes()
    return [f"{place}: {form!r}" for place, content in places.items() for form in FORMS if form in content]


def test_no_report_shows_what_a_model_a_stub_or_a_judge_says(chatty: Project) -> None:
    """Whatever came of it, each conversation is told with a mask."""
    reports = ("--junit", "r.xml", "--jsonl", "r.jsonl", "--html", "r.html")
    result = chatty.run("test", "-v", *reports)
    assert result.code == 1, result
    assert f"{len(WHERE_IT_IS_SAID)} failed" in result.out, result
    assert leaks(result, chatty) == []
    assert "***" in result.out
    for form in FORMATS:
        result = chatty.run("test", "--format", form)
        assert "***" in result.out, form
        assert leaks(result, chatty) == [], form
    result = chatty.run("test", "merge", "r.jsonl", "--junit", "m.xml", "--html", "m.html")
    assert leaks(result, chatty) == []


def test_expectations_are_held_against_what_was_really_said(chatty: Project) -> None:
    """A mask is for people: what was met is met."""
    chatty.write(
        "assistants/reply.convo.yaml",
        "assistant: tutor\nturns: [{user: reply, expect: {contains: canary, not-contains: '***'}}]\n",
    )
    assert chatty.run("test", "assistants/reply.convo.yaml").code == 0


def test_no_tape_holds_it(chatty: Project) -> None:
    """The tape is refused, by the place, and nothing of it is left."""
    (chatty.root / "assistants/failure.convo.yaml").unlink()  # its stub fails before anything is said
    (chatty.root / "assistants/unanswered.convo.yaml").unlink()
    result = chatty.run("test", "--record", "-v")
    assert result.code != 0
    assert " ".join(result.out.split()).count("would hold a secret") == len(WHERE_IT_IS_SAID) - 2, result.out
    assert leaks(result, chatty) == []
    assert [*chatty.root.rglob("*.tape.jsonl"), *chatty.root.rglob(".tape.*")] == []
