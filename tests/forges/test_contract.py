"""What every forge does alike, over loopback stand-ins for their hosts."""

from dataclasses import replace

import pytest

from asstctl.core.errors import AnswerLost, AuthFailed, NotFound, ProviderError, RateLimited, Refused, ServerFault
from asstctl.core.forge import Comment
from asstctl.forges import opener, pipeline_here
from asstctl.forges.api import Way
from tests.forges.conftest import Scene
from tests.forges.git_folder import How

pytestmark = pytest.mark.anyio

MARK = "<!-- asstctl:plan:prod -->"
ADD = r"/(comments|notes)$"


async def test_a_pull_request_is_as_it_was_when_somebody_asked(scene: Scene) -> None:
    async with scene.open() as forge:
        found = await forge.pull_request(1)

    assert (found.number, found.head, found.base, found.base_branch) == (1, scene.pull.head, scene.pull.base, "main")
    assert (found.fork, found.merged_as) == (False, None)
    assert found.url.endswith("/1")


async def test_a_pull_request_that_is_not_there_is_not_found(scene: Scene) -> None:
    async with scene.open() as forge:
        with pytest.raises(NotFound):
            await forge.pull_request(7)


async def test_a_pull_request_out_of_another_repository_is_a_fork(scene: Scene) -> None:
    other = scene.repository.pull("change", fork=True)

    async with scene.open() as forge:
        assert (await forge.pull_request(other.number)).fork


async def test_the_runner_says_what_the_api_says(scene: Scene) -> None:
    scene.git.git("checkout", "-q", "change")
    scene.git.git("merge", "-q", "--no-edit", "main")  # the base is in it, so that it is the base of the difference
    environ = scene.environ()
    pipeline = pipeline_here(environ)

    async with scene.open(environ) as forge:
        assert pipeline is not None
        assert pipeline.pull_request is not None
        assert replace(await forge.pull_request(1), url="") == replace(pipeline.pull_request, url="")


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
async def test_what_a_merge_made_leads_to_its_pull_request(scene: Scene, how: How) -> None:
    scene.repository.pull("main", "change")
    made = scene.pull.merge(how)

    async with scene.open(scene.pushed()) as forge:
        found = await forge.merged_by(made)

    assert found is not None
    assert (found.number, found.merged_as) == (1, made)


async def test_a_commit_that_nobody_proposed_leads_to_none(scene: Scene) -> None:
    pushed = scene.git.commit({"README.md": "pushed\n"}, branch="main")

    async with scene.open(scene.pushed()) as forge:
        assert await forge.merged_by(pushed) is None


async def test_a_commit_of_an_open_pull_request_leads_to_none(scene: Scene) -> None:
    async with scene.open(scene.pushed()) as forge:
        assert await forge.merged_by(scene.pull.head) is None


async def test_a_merge_into_another_branch_is_none_of_this_run(scene: Scene) -> None:
    made = scene.pull.merge()
    scene.git.git("branch", "release", made)

    async with scene.open(scene.pushed("release")) as forge:
        assert await forge.merged_by(made) is None


async def test_who_approves_is_said(scene: Scene) -> None:
    scene.pull.review("ada")

    async with scene.open() as forge:
        assert [one.author for one in await forge.reviews(1)] == ["ada"]


async def test_a_comment_is_ours_by_its_first_line_and_its_author(scene: Scene) -> None:
    """A stranger's with our marker is not, nor is ours that quotes it."""
    scene.pull.comment("mallory", f"{MARK}\nnothing to see")
    scene.pull.comment(scene.own, f"see {MARK}")
    scene.pull.comment(scene.own, f"{MARK.replace('prod', 'prod2')}\nanother")
    own = scene.pull.comment(scene.own, f"{MARK}\r\nplan")

    async with scene.open() as forge:
        assert [(one.id, one.body) for one in await forge.comments(1, MARK)] == [(str(own["id"]), own["body"])]


async def test_who_we_are_is_whoever_bears_the_token(scene: Scene) -> None:
    scene.pull.comment(scene.own, f"{MARK}\nby the bot of the runner")
    own = scene.pull.comment("deployer", f"{MARK}\nours")

    async with scene.open(scene.environ(scene.token(login="deployer"))) as forge:
        assert [one.id for one in await forge.comments(1, MARK)] == [str(own["id"])]


async def test_comments_are_read_to_the_last_page(scene: Scene) -> None:
    scene.host.page_size = 2
    own = [scene.pull.comment(scene.own, f"{MARK}\n{n}")["id"] for n in range(5)]

    async with scene.open() as forge:
        assert [one.id for one in await forge.comments(1, MARK)] == [str(id) for id in own]


async def test_a_comment_is_added_and_then_edited_in_place(scene: Scene) -> None:
    async with scene.open() as forge:
        first = await forge.write_comment(1, f"{MARK}\none")
        second = await forge.write_comment(1, f"{MARK}\ntwo", over=first.id)

    assert second.id == first.id
    assert scene.bodies == [f"{MARK}\ntwo"]


async def test_a_comment_that_was_deleted_is_written_anew(scene: Scene) -> None:
    async with scene.open() as forge:
        first = await forge.write_comment(1, f"{MARK}\none")
        scene.pull.comments.clear()
        second = await forge.write_comment(1, f"{MARK}\ntwo", over=first.id)

    assert second.id != first.id
    assert scene.bodies == [f"{MARK}\ntwo"]


@pytest.mark.parametrize("status", [500, 502, None])
async def test_a_comment_whose_answer_was_lost_is_found_again(scene: Scene, status: int | None) -> None:
    scene.host.fail("POST", ADD, status, carried_out=True)

    async with scene.open() as forge:
        written = await forge.write_comment(1, f"{MARK}\nplan\n")

    assert scene.bodies == [f"{MARK}\nplan\n"]
    assert written == Comment(str(scene.pull.comments[0]["id"]), f"{MARK}\nplan\n", written.url)


@pytest.mark.parametrize("status, error", [(500, ServerFault), (None, AnswerLost)])
async def test_a_comment_whose_fate_is_unknown_is_not_sent_again(
    scene: Scene, status: int | None, error: type[ProviderError]
) -> None:
    scene.host.fail("POST", ADD, status)

    async with scene.open() as forge:
        with pytest.raises(error):
            await forge.write_comment(1, f"{MARK}\nplan")

    assert len([line for line in scene.host.lines("POST") if "graphql" not in line]) == 1
    assert scene.bodies == []


async def test_another_comment_of_ours_is_not_taken_for_one_that_was_lost(scene: Scene) -> None:
    scene.pull.comment(scene.own, f"{MARK}\nof another run")
    scene.host.fail("POST", ADD, 500)

    async with scene.open() as forge:
        with pytest.raises(ServerFault):
            await forge.write_comment(1, f"{MARK}\nplan")


@pytest.mark.parametrize("status", [500, None])
async def test_an_edit_is_repeated(scene: Scene, status: int | None) -> None:
    async with scene.open() as forge:
        first = await forge.write_comment(1, f"{MARK}\none")
        scene.host.fail("PATCH" if scene.name == "github" else "PUT", r"/\d+$", status, carried_out=True)
        second = await forge.write_comment(1, f"{MARK}\ntwo", over=first.id)

    assert second.id == first.id
    assert scene.bodies == [f"{MARK}\ntwo"]


@pytest.mark.parametrize("status, headers", [(429, {"retry-after": "0"}), (502, {}), (500, {}), (None, {})])
async def test_a_read_is_repeated(scene: Scene, status: int | None, headers: dict[str, str]) -> None:
    scene.host.fail("GET", r"/1$", status, headers=headers, times=2)

    async with scene.open() as forge:
        assert (await forge.pull_request(1)).number == 1

    assert len(scene.host.lines("GET")) == 3


async def test_a_host_that_asks_for_too_long_a_pause_is_believed(scene: Scene) -> None:
    scene.host.fail("GET", r"/1$", 429, headers={"retry-after": "3600"})

    async with scene.open() as forge:
        with pytest.raises(RateLimited) as caught:
            await forge.pull_request(1)

    assert caught.value.retry_after == 3600
    assert len(scene.host.lines("GET")) == 1


async def test_a_token_that_may_not_comment_names_what_it_lacks(scene: Scene) -> None:
    async with scene.open(scene.environ(scene.token(writes=False))) as forge:
        with pytest.raises(AuthFailed) as caught:
            await forge.write_comment(1, f"{MARK}\nplan")

    wanted = {"github": "Add `pull-requests: write` to the `permissions` of this job.", "gitlab": "the role Developer"}
    assert wanted[scene.name] in caught.value.hint
    assert scene.bodies == []


async def test_whether_a_commit_has_another_is_said(scene: Scene) -> None:
    made, head, base = scene.pull.merge(), scene.pull.head, scene.pull.base

    async with scene.open() as forge:
        asked = [(made, head), (made, base), (made, made), (head, made), (base, head)]
        assert [await forge.contains(*one) for one in asked] == [True, True, True, False, False]


@pytest.mark.parametrize("branch", ["main", "release/1.0#%"])
async def test_a_branch_says_its_last_commit(scene: Scene, branch: str) -> None:
    if branch != "main":
        scene.git.git("branch", branch, "change")

    async with scene.open() as forge:
        assert await forge.tip(branch) == scene.git.sha(branch)
        with pytest.raises(NotFound):
            await forge.tip("gone")


# The token


@pytest.mark.parametrize(
    "failing",
    [
        {"status": 401, "body": {"message": "{token}"}},
        {"status": 403, "body": {"message": "no: {token}"}},
        {"status": 404, "body": {"message": "{token}"}},
        {"status": 422, "body": {"message": "Bearer {token}", "errors": [{"message": "{token}"}]}},
        {"status": 500, "body": {"message": "{token}"}, "headers": {"x-request-id": "{token}"}},
        {"status": 302, "headers": {"location": "https://elsewhere.example/?{token}"}},
        {"status": 200, "body": {"number": "{token}"}},
        {"status": 200, "body": ["{token}"]},
        {"status": None},
    ],
)
async def test_the_token_is_in_no_error_and_no_log(
    scene: Scene, failing: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[object] = []
    environ = scene.environ(token := scene.token())
    said = {name: _with(value, token) for name, value in failing.items()}
    scene.host.fail("GET", r"/1$", times=3, **said)

    async with scene.open(environ, seen.append) as forge:
        with pytest.raises(ProviderError) as caught:
            await forge.pull_request(1)
        told = f"{caught.value!r} {vars(caught.value)} {seen} {forge!r} {caplog.text}"

    assert seen
    assert token not in told
    assert "asstctl.yaml" not in told


def _with(value: object, token: str) -> object:
    if isinstance(value, dict):
        return {name: _with(one, token) for name, one in value.items()}
    if isinstance(value, list):
        return [_with(one, token) for one in value]
    return value.replace("{token}", token) if isinstance(value, str) else value


async def test_a_redirect_is_not_followed(scene: Scene) -> None:
    scene.host.fail("GET", r"/1$", 302, headers={"location": f"{scene.host.url}/elsewhere"})

    async with scene.open() as forge:
        with pytest.raises(ProviderError):
            await forge.pull_request(1)

    assert len(scene.host.lines()) == 1


ADDRESS = {"github": "GITHUB_API_URL", "gitlab": "CI_API_V4_URL"}
TOKEN = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN"}


@pytest.mark.parametrize(
    "url",
    [
        "http://forge.example/api",
        "ftp://forge.example",
        "https://me:secret@forge.example",
        "https://forge.example?secret=1",
        "forge.example",
    ],
)
async def test_a_token_goes_over_https_or_stays_here(scene: Scene, url: str) -> None:
    environ = {**scene.environ(), ADDRESS[scene.name]: url}
    pipeline = pipeline_here(environ)

    with pytest.raises(Refused) as caught:
        opener(scene.name)(pipeline, environ)

    assert ADDRESS[scene.name] in caught.value.summary
    assert "secret=1" not in str(caught.value)
    assert "me:secret" not in str(caught.value)


@pytest.mark.parametrize("token, word", [("", "is not set"), ("  ", "is not set"), ("té", "characters"), ("a\nb", "")])
async def test_a_token_that_cannot_be_sent_is_refused(scene: Scene, token: str, word: str) -> None:
    environ = {**scene.environ(), TOKEN[scene.name]: token}

    with pytest.raises(Refused) as caught:
        opener(scene.name)(pipeline_here(environ), environ)

    assert word in caught.value.summary
    assert TOKEN[scene.name] in caught.value.hint
    assert not token.strip() or token not in str(caught.value)
    assert scene.host.lines() == []


async def test_a_part_of_the_token_that_a_host_repeats_is_not_shown(scene: Scene) -> None:
    environ = scene.environ(token := scene.token())
    scene.host.fail("GET", r"/1$", 401, body={"message": f"bad token {token[:14]}..."})

    async with scene.open(environ) as forge:
        with pytest.raises(AuthFailed) as caught:
            await forge.pull_request(1)

    assert token[:14] not in str(caught.value)


async def test_a_comment_that_was_refused_is_not_looked_for(scene: Scene) -> None:
    """Even where the same text stands there already."""
    scene.pull.comment(scene.own, f"{MARK}\nplan")
    scene.host.fail("POST", ADD, 422)

    async with scene.open() as forge:
        with pytest.raises(ProviderError) as caught:
            await forge.write_comment(1, f"{MARK}\nplan")

    assert caught.value.status == 422


def test_how_a_forge_is_reached_is_shown_without_the_token() -> None:
    way = Way("https://forge.example", "URL", "glpat-0123456789", "TOKEN", "hint")

    assert "glpat" not in f"{way!r}"
