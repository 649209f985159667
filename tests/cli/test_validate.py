"""`asstctl validate`: every file at once, and no secret in what it prints."""

import pytest

from tests.cli.conftest import Project


@pytest.mark.parametrize("form", ["text", "json"])
def test_errors_of_all_files_come_at_once_and_show_no_secret(
    empty: Project, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """A project file with errors hides none of the manifests' and the conversations'."""
    monkeypatch.setenv("PWD1", "zzsecretzz")
    empty.write("asstctl.yaml", "default_target: prod\nbogus: zzsecretzz\nvars: {sec: {env: PWD1, secret: true}}\n")
    empty.write("assistants/a.yaml", "kind: assistant\nmodel: zzsecretzz\nname: 1\n")
    empty.write("assistants/a.convo.yaml", "assistant: a\nturns: [{user: hi, expct: zzsecretzz}]\n")

    result = empty.run("validate", "--format", form)

    printed = result.out + result.err
    assert result.code != 0
    assert "zzsecretzz" not in printed
    codes = ("unknown-target", "unknown-key", "secret-in-manifest", "wrong-type", "expct")
    assert [code for code in codes if code not in printed] == []


def test_a_variable_that_nothing_knows_is_wrong_usage(project: Project) -> None:
    """A misspelt --var would change nothing, and say so nowhere."""
    project.write("asstctl.yaml", "project: school\nvars: {model: gpt-4o}\n")

    result = project.run("plan", "--var", "modle=gpt-4.1")

    assert result.code == 64
    assert "did you mean `model`?" in result.out + result.err


def test_a_target_that_owns_all_settles(project: Project) -> None:
    """Fields without a line in the manifest are kept at the provider's default, and the plan is clean after it."""
    project.done("apply", "--yes")
    project.write("asstctl.yaml", "project: school\ntargets: {local: {provider: local, own: all}}\n")
    project.done("apply", "--yes")

    assert project.run("plan", "--detailed-exitcode").code == 0
