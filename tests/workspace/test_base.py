"""What a field was when it was last applied, from git: in the form in which the wire of its target gives it back."""

import subprocess
from pathlib import Path

import pytest

from asstctl.core.address import Address
from asstctl.core.change import ABSENT
from asstctl.core.json_types import Json
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import digest, same
from asstctl.providers import normal
from asstctl.workspace.base import History, base_of

TUTOR = """kind: assistant
model: gpt-6-luna
temperature: 0.2
response_format: {type: json_schema, json_schema: {name: answer, schema: {type: object}}}
extensions: {openai: {text: {verbosity: low}, reasoning: {summary: auto}}}
targets: {far: {model: gpt-6, extensions: {openai: {text: {verbosity: high}}}}}
"""
FORMAT = {"type": "json_schema", "json_schema": {"name": "response", "schema": {"type": "object"}}}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    root = tmp_path_factory.mktemp("project")
    (root / "tutor.yaml").write_text(TUTOR)
    _commit(root)
    return History(root, "HEAD", "tutor.yaml", "far", "openai")


def _commit(root: Path) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "gpt-6"),
        ("temperature", 0.2),
        ("response_format", FORMAT),
        ("extensions.text", {"verbosity": "high"}),
        ("extensions.reasoning", {"summary": "auto"}),
        ("instructions", None),
    ],
)
def test_the_value_with_the_digest_of_the_mark_is_found(history: History, name: str, value: Json) -> None:
    brought = normal("openai")
    assert brought is not None
    rule = KINDS["assistant"].field(name).canonical
    noted = digest(rule(brought("assistant", {name: value}).get(name)))

    assert same(base_of(history, Address("assistant", "tutor"), name, noted), rule(value))


def test_the_value_may_have_been_a_default_of_the_project_file(tmp_path: Path) -> None:
    (tmp_path / "asstctl.yaml").write_text("version: 1\ndefaults: {assistant: {temperature: 0.5}}\n")
    _commit(tmp_path)
    history = History(tmp_path, "HEAD", "asstctl.yaml", "far", "openai")

    assert base_of(history, Address("assistant", "tutor"), "temperature", digest(0.5)) == 0.5


def test_a_value_of_another_digest_is_none(history: History) -> None:
    assert base_of(history, Address("assistant", "tutor"), "model", digest("gpt-5")) is ABSENT
