"""The one probe of a plan: the models of the account, asked beside the listing, once a day, and never missed."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.plan import Plan
from asstctl.workspace.apply import Conduct, apply
from asstctl.workspace.model_list import remembered
from asstctl.workspace.plan import plan
from asstctl.workspace.workspace import Workspace
from tests.workspace.model_server import ModelServer, model_server

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = "sk-a-key-of-the-test"
ABSENT = "assistant.clerk: gpt-9 is not among the models that"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as found:
        yield found


Project = Callable[..., Workspace]


@pytest.fixture
def project(tmp_path: Path, server: ModelServer) -> Project:
    """A project of one assistant on the server, looked at on a day."""

    def make(*, model: str = "gpt-9", provider: str = "openai", now: datetime = NOW) -> Workspace:
        target = f"{{provider: {provider}, base_url: '{server.url}', api_key: {{env: KEY}}}}"
        (tmp_path / "asstctl.yaml").write_text(
            f"project: shop\ndefault_target: far\ntargets: {{far: {target}}}\n", "utf-8"
        )
        (tmp_path / "assistants").mkdir(exist_ok=True)
        (tmp_path / "assistants/clerk.yaml").write_text(f"kind: assistant\nmodel: {model}\n", "utf-8")
        return Workspace(tmp_path, environ={"KEY": KEY}, now=lambda: now)

    return make


def said(made: Plan) -> list[str]:
    return [note for note in made.notes if "models that" in note or "retired" in note]


def remembered_file(workspace: Workspace) -> Path:
    return workspace.project.root / ".asstctl" / "models" / "far.json"


async def test_several_plans_of_a_day_ask_once(project: Project, server: ModelServer) -> None:
    found = [await plan(project(now=NOW + timedelta(hours=hours))) for hours in (0, 1, 23)]

    assert [[note.startswith(ABSENT) for note in said(one)] for one in found] == [[True]] * 3
    assert server.times == 1
    assert {method for method, _ in server.asked} == {"GET"}


@pytest.mark.parametrize("away", [timedelta(days=1), timedelta(days=-1)], ids=["a day later", "a clock set back"])
async def test_another_day_asks_again(project: Project, server: ModelServer, away: timedelta) -> None:
    await plan(project())
    server.models["gpt-9"] = None

    assert said(await plan(project(now=NOW + away))) == []
    assert server.times == 2


async def test_a_model_that_is_there_is_no_news(project: Project) -> None:
    assert said(await plan(project(model="gpt-6"))) == []


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
async def test_a_refusal_is_silent_and_not_asked_for_again(project: Project, server: ModelServer, status: int) -> None:
    server.status = status

    assert [said(await plan(project())) for _ in range(2)] == [[], []]
    assert server.times == 1


@pytest.mark.parametrize("models", [None, 1, {"a": 1}, "x"])
async def test_an_answer_that_is_no_list_is_silent(
    project: Project, server: ModelServer, models: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = server.answer
    server.answer = lambda path: (200, {"data": models}) if path == "/v1/models" else answers(path)  # type: ignore[method-assign]

    assert said(await plan(project())) == []


async def test_a_slow_answer_does_not_hold_a_plan(project: Project, server: ModelServer) -> None:
    server.held = True

    assert said(await plan(project())) == []
    assert not server.over.is_set()
    assert server.times == 1


async def test_a_plan_that_fails_fails_as_it_would(project: Project, server: ModelServer) -> None:
    from asstctl.core.errors import AuthFailed

    server.everything = 401

    with pytest.raises(AuthFailed):
        await plan(project())


async def test_only_a_wire_that_has_models_is_asked(project: Project, server: ModelServer) -> None:
    workspace = project(provider="assistants")
    await plan(workspace)

    assert server.times == 0
    assert not remembered_file(workspace).exists()


async def test_an_apply_asks_nothing_and_says_what_is_known(project: Project, server: ModelServer) -> None:
    shown: list[Plan] = []
    conduct = Conduct(lambda made: False, shown.append)

    await apply(project(), conduct)
    assert server.times == 0
    await plan(project())
    await apply(project(), conduct)

    assert [len(said(one)) for one in shown] == [0, 1]
    assert server.times == 1


async def test_what_is_said_of_models_is_not_what_is_approved(project: Project, server: ModelServer) -> None:
    before = await plan(project())
    server.models["gpt-9"] = None
    after = await plan(project(now=NOW + timedelta(days=2)))

    assert said(before) != said(after)
    assert before.digest == after.digest


async def test_the_file_is_its_owners_alone_and_holds_no_secret(project: Project, server: ModelServer) -> None:
    server.models["gpt-6"] = "2030-01-01"
    workspace = project()
    await plan(workspace)
    file = remembered_file(workspace)

    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert KEY not in file.read_text("utf-8")
    assert json.loads(file.read_text("utf-8")) == {
        "schema": "asstctl/models/v1",
        "url": server.url,
        "asked": "2026-11-22T12:00:00+00:00",
        "models": {"gpt-4o": None, "gpt-6": "2030-01-01"},
    }


GOOD = {"schema": "asstctl/models/v1", "url": "URL", "asked": NOW.isoformat(), "models": {"m": None}}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        json.dumps({**GOOD, "schema": "asstctl/models/v2"}),
        json.dumps({**GOOD, "url": "https://elsewhere.example/v1"}),
        json.dumps({**GOOD, "asked": "yesterday"}),
        json.dumps({**GOOD, "asked": "2026-11-22T12:00:00"}),
        json.dumps({**GOOD, "models": ["m"]}),
        json.dumps({**GOOD, "models": {"m": "soon"}}),
        "[" * 100_000,
    ],
    ids=lambda content: content[:60],
)
async def test_a_file_that_cannot_be_used_is_none(project: Project, server: ModelServer, content: str) -> None:
    workspace = project()
    file = remembered_file(workspace)
    file.parent.mkdir(parents=True)
    file.write_text(content.replace("URL", server.url), "utf-8")

    assert remembered(workspace) is None
    assert [note.startswith(ABSENT) for note in said(await plan(workspace))] == [True]
    assert server.times == 1


async def test_a_link_is_not_followed(project: Project, server: ModelServer, tmp_path: Path) -> None:
    """Neither when it is read nor when it is written."""
    workspace = project()
    file = remembered_file(workspace)
    file.parent.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(json.dumps({**GOOD, "url": server.url}), "utf-8")
    file.symlink_to(elsewhere)
    before = elsewhere.read_text("utf-8")

    assert remembered(workspace) is None
    await plan(workspace)
    assert elsewhere.read_text("utf-8") == before
    assert not file.is_symlink()


async def test_where_nothing_can_be_written_nobody_is_asked(project: Project, server: ModelServer) -> None:
    workspace = project()
    (workspace.project.root / ".asstctl").mkdir(mode=0o700)
    remembered_file(workspace).parent.write_text("a file in its place", "utf-8")

    assert said(await plan(workspace)) == []
    assert server.times == 0
