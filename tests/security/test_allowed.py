"""What CI may do is said outside of the checkout: where keys go, and which names files may read."""

import pytest

from tests.cli.conftest import Project
from tests.security.hostile import hostile

KEY = "sk-allowed-0123456789"
FAR = "far: {{provider: assistants, base_url: '{url}', api_key: {{env: GATEWAY_KEY}}}}"
HEADER = "far: {{provider: assistants, base_url: '{url}', headers: {{x-token: {{env: GATEWAY_KEY}}}}}}"
ENTRA = "far: {{provider: assistants, base_url: '{url}', auth: entra}}"
CHAT = (
    "far: {{provider: local, replies: {{chat: {{base_url: '{url}', api_key: {{env: GATEWAY_KEY}}, "
    "models: {{'*': m}}}}}}}}"
)
CONVERSATION = "assistant: tutor\nturns:\n  - user: hello\n    expect: {icontains: hello}\n"

URLS = {
    FAR: "https://gateway.example.com:4000/v1",
    HEADER: "https://gateway.example.com:4000/v1",
    ENTRA: "https://x.services.ai.azure.com/api/projects/p",
    CHAT: "https://gateway.example.com:4000/v1",
}


def point_at(project: Project, target: str, url: str) -> None:
    text = target.format(url=url)
    project.write("asstctl.yaml", f"version: 1\nproject: school\ndefault_target: far\ntargets:\n  {text}\n")
    project.write("assistants/tutor.convo.yaml", CONVERSATION)


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("test",), ("list",)], ids=lambda one: one[0])
@pytest.mark.parametrize("target", URLS, ids=["key", "header", "entra", "chat"])
def test_in_ci_a_secret_goes_to_allowed_hosts_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch, target: str, command: tuple[str, ...]
) -> None:
    """A pull request names another host: exit 1 before any request, and what to set where is said."""
    monkeypatch.setenv("GATEWAY_KEY", KEY)
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("ASSTCTL_ALLOW_HOSTS", "gateway.example.com, services.ai.azure.com")
    point_at(project, target, URLS[target])

    result = project.run(*command, "-v")

    assert result.code == 1
    assert "Add " in result.err
    assert "to ASSTCTL_ALLOW_HOSTS" in result.err
    assert " ms\n" not in result.err
    assert not (project.root / ".asstctl").exists()


def test_serve_keeps_to_it_too(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_KEY", KEY)
    monkeypatch.setenv("CI", "true")
    point_at(project, CHAT, URLS[CHAT])

    assert project.run("serve", "--port", "0").code == 1
    assert project.run("serve", "--port", "0", "--database", ":memory:").code == 1


def test_files_are_checked_without_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """`validate` sends nothing, so it is not held up."""
    monkeypatch.setenv("GATEWAY_KEY", KEY)
    monkeypatch.setenv("CI", "true")
    point_at(project, FAR, URLS[FAR])

    assert project.run("validate").code == 0


def test_without_a_key_and_on_this_machine_nothing_is_asked_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_KEY", KEY)
    monkeypatch.setenv("CI", "true")
    with hostile("404") as url:
        point_at(project, FAR, url)
        assert project.run("plan").code == 3
    point_at(project, "far: {{provider: assistants, base_url: '{url}'}}", "http://gateway.invalid/v1")
    assert "ASSTCTL_ALLOW_HOSTS" not in project.run("plan").err


def test_a_name_that_is_not_allowed_counts_as_not_set(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key, a header and a variable: each says why, and where to change it."""
    monkeypatch.setenv("GATEWAY_KEY", KEY)
    monkeypatch.setenv("STAGE", "production")
    monkeypatch.setenv("ASSTCTL_ALLOW_ENV", "OTHER")
    for target, what in ((FAR, "its key"), (HEADER, "the header x-token")):
        point_at(project, target, "http://127.0.0.1:9/v1")
        result = project.run("plan")
        assert (result.code, f"takes {what} from it" in result.err) == (1, True)
        assert "add GATEWAY_KEY to ASSTCTL_ALLOW_ENV" in result.err

    project.write("asstctl.yaml", "version: 1\nvars: {stage: {env: STAGE}}\n")
    project.write("assistants/tutor.yaml", "kind: assistant\nkey: tutor\nmodel: m\nname: 'Tutor {{ vars.stage }}'\n")
    result = project.run("validate")
    assert (result.code, "production" in result.out) == (1, False)
    assert "`STAGE` counts as not set: ASSTCTL_ALLOW_ENV does not name it" in " ".join(result.out.split())
    assert "set the environment variable STAGE" not in result.out
    assert result.out.count("add STAGE to ASSTCTL_ALLOW_ENV") == 2, "at the variable, and at the template"
    monkeypatch.setenv("ASSTCTL_ALLOW_ENV", "OTHER,STAGE")
    assert project.run("validate").code == 0


def test_code_under_test_is_given_no_name_that_is_not_allowed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGE", "production")
    project.write("asstctl.yaml", "version: 1\ntest: {env: [STAGE]}\n")
    from asstctl.workspace.conversations.test import stub_environment
    from asstctl.workspace.workspace import Workspace

    assert stub_environment(Workspace(project.root)) == {"STAGE": "production"}
    monkeypatch.setenv("ASSTCTL_ALLOW_ENV", "OTHER")
    assert stub_environment(Workspace(project.root)) == {}
    assert "`STAGE` counts as not set" in " ".join(project.run("validate").out.split())
