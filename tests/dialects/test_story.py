"""The whole story on every dialect: plan, apply, edit, drift, converse, destroy; each apply ends with an empty plan."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.cli.conftest import Project
from tests.dialects.conftest import CONVERSATION, HANDBOOK, SPOKEN, TUTOR, Server, Spoken, target


def nothing_left(project: Project, server: Server) -> None:
    """A second plan finds nothing, and asks for nothing but reads."""
    writes = server.writes()
    result = project.run("plan", "--detailed-exitcode")
    assert (result.code, server.writes()) == (0, writes), result


@pytest.mark.parametrize("spoken", SPOKEN, ids=lambda one: one.name)
def test_a_project_lives_on_it(start: Callable[[Spoken], Server], project: Project, spoken: Spoken) -> None:
    """Create, edit, drift, talk and destroy work, and nothing is made twice."""
    server = start(spoken)
    target(project, server)
    if spoken.files:
        project.write("assistants/handbook.yaml", HANDBOOK)
        project.write("assistants/docs/rules.md", "# Rules\nBe kind.\n")
    objects = 1 + spoken.files

    planned = project.done("plan")
    assert spoken.name in planned
    assert f"{objects} to create" in planned
    assert server.writes() == 0

    assert project.run("apply", "--yes").code == 0
    [tutor] = server.assistants()
    assert (tutor["reasoning_effort"], tutor["metadata"]["team"]) == ("low", "school")
    nothing_left(project, server)

    project.write("assistants/tutor.yaml", TUTOR.replace("mathematics", "physics"))
    assert project.run("apply", "--yes").code == 0
    [tutor] = server.assistants()
    assert tutor["instructions"] == "You teach physics."
    nothing_left(project, server)

    server.ask("POST", f"/assistants/{tutor['id']}", {"instructions": "Somebody else wrote this."})
    asked = project.run("plan", "--drift-only", "--detailed-exitcode")
    assert "No drift" not in asked.out
    if spoken.mark_kept:
        assert asked.code == 2
    else:
        assert asked.code == 1
        assert "drift cannot be told on" in asked.err
        assert "differences are two-way, no drift" in " ".join(asked.err.split())
    before = server.writes()
    drifted = project.run("apply", "--yes")
    if spoken.mark_kept:
        # with a base it is known as somebody else's
        assert (drifted.code, server.writes()) == (1, before)
        assert server.assistants()[0]["instructions"] == "Somebody else wrote this."
        assert project.run("apply", "--yes", "--overwrite-drift", "all").code == 0
    else:
        # and without one it is a difference like any other, which the header says
        assert drifted.code == 0
        header = " ".join(drifted.out.partition("  # ")[0].split())
        assert header.endswith("differences are two-way, no drift, no resets")
    assert server.assistants()[0]["instructions"] == "You teach physics."
    nothing_left(project, server)

    project.write("assistants/tutor.convo.yaml", CONVERSATION)
    tested = project.run("test")
    assert tested.code == 0, tested

    destroyed = project.run("destroy", "--yes")
    assert destroyed.code == 0, destroyed
    assert server.assistants() == []
    again = server.writes()
    assert project.run("destroy", "--yes").code == 0
    assert server.writes() == again


def test_foundry_takes_a_token_of_the_machines_identity(
    start: Callable[[Spoken], Server],
    project: Project,
    managed_identity: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`auth: entra`: resources and conversations carry the token that azure-identity drew, once a command."""
    endpoint, asked = managed_identity
    monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", "secret-of-the-machine")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    foundry = next(one for one in SPOKEN if one.name == "Foundry classic")
    server = start(replace(foundry, key="eyJ-managed-identity-token"))
    target(project, server, "base_url: {root}/api/projects/demo, dialect: foundry, auth: entra")
    project.write("assistants/tutor.convo.yaml", CONVERSATION)

    applied = project.run("apply", "--yes", "-v")
    tested = project.run("test", "-v")

    assert (applied.code, tested.code) == (0, 0), (applied, tested)
    assert len(asked) == 2
    assert "2027-03-31" in applied.out
    assert "eyJ-" not in applied.out + applied.err + tested.out + tested.err
    assert len(server.assistants()) == 1
    nothing_left(project, server)


@pytest.mark.parametrize("spoken", SPOKEN, ids=lambda one: one.name)
def test_every_request_is_asked_as_the_dialect_wants(
    start: Callable[[Spoken], Server], project: Project, spoken: Spoken
) -> None:
    """A plan sends listings, and a probe only where nobody said what the server is."""
    server = start(spoken)
    target(project, server)
    project.done("plan")

    listings = 2 if spoken.files else 1
    assert server.requests() == {"GET": listings + (spoken.name == "full wire")}
    if spoken.name == "full wire":
        target(project, server, spoken.settings + ", dialect: full")
        project.done("plan")
        assert server.requests() == {"GET": 2 * listings + 1}
