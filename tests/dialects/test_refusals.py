"""What a dialect cannot do is said at plan time, with the capability, and nothing is written."""

from collections.abc import Callable

import httpx2
import pytest

from tests.cli.conftest import Project
from tests.dialects.conftest import HANDBOOK, KEY, SPOKEN, TUTOR, Server, Spoken, target

PLAIN = "base_url: {root}/v1, api_key: {{env: GATEWAY_KEY}}"
NATIVE = Spoken("LiteLLM native", ("dialect=litellm-native",), PLAIN)
PASSTHROUGH = Spoken("LiteLLM pass-through", ("dialect=litellm-passthrough",), PLAIN)
LITELLM = next(one for one in SPOKEN if one.name == "LiteLLM")
ASTRA = next(one for one in SPOKEN if one.name == "Astra")
FOUNDRY = next(one for one in SPOKEN if one.name == "Foundry classic")


@pytest.mark.parametrize(
    ("spoken", "capabilities"), [(NATIVE, ("get", "update", "list")), (PASSTHROUGH, ("metadata",))], ids=str
)
@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("list",), ("destroy", "--yes")], ids=" ".join)
def test_litellm_alone_is_refused(
    start: Callable[[Spoken], Server],
    project: Project,
    spoken: Spoken,
    capabilities: tuple[str, ...],
    command: tuple[str, ...],
) -> None:
    """Either door of LiteLLM alone cannot keep a project; the message names what is missing and the setting."""
    server = start(spoken)
    target(project, server)

    result = project.run(*command)

    assert result.code == 1
    assert all(f"{one}: " in result.err for one in capabilities)
    assert "passthrough_url" in result.err
    assert server.writes() == 0
    assert server.assistants() == []


def test_a_list_that_is_stuck_at_20_is_refused_and_never_an_absence(
    start: Callable[[Spoken], Server], project: Project
) -> None:
    """25 assistants behind LiteLLM's own routes: no plan, so nothing that is there is created again."""
    server = start(NATIVE)
    for number in range(25):
        server.ask("POST", "/assistants", {"model": "m", "name": f"a{number}"})
    target(project, server, PLAIN + ", dialect: full")

    said_otherwise = project.run("apply", "--yes")
    target(project, server)
    probed = project.run("apply", "--yes")

    assert (said_otherwise.code, probed.code) == (3, 1)
    assert "cannot be trusted to be complete" in " ".join(said_otherwise.err.split())
    assert server.writes() == 25


def test_a_dialect_that_is_said_and_wrong_makes_nothing_that_is_lost(
    start: Callable[[Spoken], Server], project: Project
) -> None:
    """Metadata is lost and nobody probed: the first create is looked at, deleted again, and ends the apply."""
    server = start(PASSTHROUGH)
    target(project, server, PLAIN + ", dialect: full")
    for number in range(5):
        project.write(f"assistants/a{number}.yaml", TUTOR.replace("key: tutor", f"key: a{number}"))

    assert project.run("apply", "--yes").code != 0

    assert server.assistants() == []
    assert server.requests()["POST"] == 1


def test_metadata_of_litellm_is_written_once(start: Callable[[Spoken], Server], project: Project) -> None:
    """An edit of metadata cannot arrive: the plan blocks it, and nothing is sent."""
    server = start(LITELLM)
    target(project, server)
    assert project.run("apply", "--yes").code == 0
    writes = server.writes()

    project.write("assistants/tutor.yaml", TUTOR.replace("team: school", "team: other"))
    result = project.run("apply", "--yes")

    assert result.code == 1
    assert "metadata" in result.out
    assert server.writes() == writes
    project.write("assistants/tutor.yaml", TUTOR)
    assert project.run("plan", "--detailed-exitcode").code == 0


def test_a_create_that_litellm_repeats_is_told_and_stays_one_address(
    start: Callable[[Spoken], Server], project: Project
) -> None:
    """LiteLLM sends a create again after a 500 that came too late: two objects, and one is left when all is done."""
    server = start(
        Spoken(
            "LiteLLM",
            (*LITELLM.faults, "answer-after-commit=500:1:POST /assistants"),
            LITELLM.settings,
            base=LITELLM.base,
        )
    )
    target(project, server)

    first = project.run("apply", "--yes")
    again = project.run("apply", "--yes")

    assert (first.code, again.code) == (1, 0), (first, again)
    [tutor] = server.assistants()
    assert tutor["reasoning_effort"] == "low"
    writes = server.writes()
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert server.writes() == writes


def test_astra_holds_no_vector_stores(start: Callable[[Spoken], Server], project: Project) -> None:
    """A store is blocked with the capability's words; the assistant beside it goes on."""
    server = start(ASTRA)
    target(project, server)
    project.write("assistants/handbook.yaml", HANDBOOK)
    project.write("assistants/docs/rules.md", "# Rules\n")

    planned = project.run("plan")

    assert "cannot update vector stores" in " ".join(planned.out.split())
    assert server.writes() == 0


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")], ids=" ".join)
def test_foundry_without_a_token_is_refused_before_any_request(
    start: Callable[[Spoken], Server], project: Project, command: tuple[str, ...]
) -> None:
    """Neither `auth` nor `api_key`: both ways on are said."""
    server = start(FOUNDRY)
    target(project, server, "base_url: {root}/api/projects/demo, dialect: foundry")

    result = project.run(*command)

    assert result.code == 1
    assert "auth: entra" in result.err
    assert server.requests() == {}


def test_an_entra_token_goes_to_azure_alone(project: Project) -> None:
    """Another host is refused before a token is drawn."""
    project.write(
        "asstctl.yaml",
        "version: 1\nproject: school\ndefault_target: far\ntargets:\n"
        "  far: {provider: assistants, base_url: 'https://example.org/api/projects/x', auth: entra}\n",
    )

    result = project.run("plan")

    assert (result.code, "goes to Azure alone" in result.err) == (1, True)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("base_url: 'http://127.0.0.1:1/v1', passthrough_url: 'http://127.0.0.2:1/openai'", "bad-url"),
        ("base_url: 'http://127.0.0.1:1/v1', passthrough_url: 'http://u:p@127.0.0.1:1/openai'", "secret-in-file"),
        ("base_url: 'http://127.0.0.1:1/v1', passthrough_url: 'http://127.0.0.1:1/x', dialect: astra", "clash"),
        ("base_url: 'http://127.0.0.1:1/v1', dialect: litellm", "missing-key"),
        ("base_url: 'http://127.0.0.1:1/v1', dialect: letta", "unknown-value"),
        ("base_url: 'http://127.0.0.1:1/v1', auth: entra, api_key: {env: GATEWAY_KEY}", "clash"),
        ("base_url: 'http://127.0.0.1:1/v1', auth: key", "missing-key"),
        ("base_url: 'http://127.0.0.1:1/v1', headers: {authorization: {env: GATEWAY_KEY}}", "bad-name"),
        ("base_url: 'http://127.0.0.1:1/v1', headers: {'x y': {env: GATEWAY_KEY}}", "bad-name"),
        ("base_url: 'http://127.0.0.1:1/v1', headers: {x-token: sk-123}", ""),
        ("base_url: 'http://example.org/v1', headers: {x-token: {env: GATEWAY_KEY}}", "insecure-key"),
        ("base_url: 'http://example.org/v1', auth: entra", "insecure-key"),
    ],
)
def test_settings_that_do_not_go_together_are_found_offline(project: Project, settings: str, code: str) -> None:
    """`validate` names each with its place."""
    project.write(
        "asstctl.yaml",
        f"version: 1\nproject: school\ntargets:\n  far: {{provider: assistants, {settings}}}\n",
    )

    result = project.run("validate")

    assert result.code == 1
    assert f"error[{code}" in result.out + result.err, result


def test_a_header_whose_variable_is_not_set_is_named(
    start: Callable[[Spoken], Server], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent without it."""
    server = start(ASTRA)
    target(project, server)
    monkeypatch.delenv("ASTRA_TOKEN")

    result = project.run("plan")

    assert (result.code, "ASTRA_TOKEN is not set" in result.err) == (1, True)
    assert server.requests() == {}


def test_a_wrong_key_behind_litellm_is_said_as_such(
    start: Callable[[Spoken], Server], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its 400 about a database that is not connected means the key."""
    server = start(LITELLM)
    target(project, server)
    monkeypatch.setenv("GATEWAY_KEY", "sk-wrong-0123456789")
    httpx2.get(f"{server.root}/v1/assistants", headers={"authorization": f"Bearer {KEY}"}).raise_for_status()

    result = project.run("plan")

    assert (result.code, "error[auth]" in result.err) == (3, True)
    assert "0123456789" not in result.out + result.err
