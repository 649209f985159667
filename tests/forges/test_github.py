"""GitHub alone: reviews, artifacts and their zips, runs and what said what they did, limits of its rate."""

import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest

from asstctl.core.errors import (
    AuthFailed,
    BadAnswer,
    IncompleteListing,
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
    ServerFault,
)
from asstctl.core.forge import Artifact, Review
from asstctl.forges.github.artifacts import file_in_zip
from asstctl.forges.github.bodies import pull_request_of
from asstctl.forges.github.forge import MOST_ACTIONS
from asstctl.forges.github.workflows import used_in
from tests.forges.conftest import Scene
from tests.forges.github import LONGEST_COMMENT, PLAN_WORKFLOW, READS, Run

pytestmark = pytest.mark.anyio

CALLED = ".github/workflows/called.yml"
ACTIONS = ".github/actions"


async def approving(scene: Scene) -> list[str]:
    async with scene.open() as forge:
        return [one.author for one in await forge.reviews(1)]


@pytest.mark.parametrize(
    "states, stands",
    [
        (["APPROVED"], True),
        (["APPROVED", "COMMENTED"], True),
        (["APPROVED", "CHANGES_REQUESTED"], False),
        (["CHANGES_REQUESTED", "APPROVED"], True),
        (["CHANGES_REQUESTED", "DISMISSED"], False),
        (["APPROVED", "DISMISSED"], False),
        (["DISMISSED", "APPROVED"], True),
        (["COMMENTED"], False),
        (["PENDING"], False),
        ([], False),
    ],
)
async def test_the_last_word_of_a_reviewer_counts(on_github: Scene, states: list[str], stands: bool) -> None:
    for state in states:
        on_github.pull.review("ada", state)

    assert await approving(on_github) == ["ada"] * stands


@pytest.mark.parametrize(
    "association, counts",
    [
        ("OWNER", True),
        ("MEMBER", True),
        ("COLLABORATOR", True),
        ("CONTRIBUTOR", False),
        ("FIRST_TIME_CONTRIBUTOR", False),
        ("NONE", False),
    ],
)
async def test_an_approval_of_a_stranger_does_not_count(on_github: Scene, association: str, counts: bool) -> None:
    on_github.pull.review("ada", association=association)

    assert await approving(on_github) == ["ada"] * counts


async def test_an_approval_is_of_the_commit_that_was_looked_at(on_github: Scene) -> None:
    looked_at = on_github.pull.review("ada").commit
    on_github.git.commit({"bots/tutor.yaml": "changed\n"}, branch="change")
    on_github.pull.review("bob")

    async with on_github.open() as forge:
        found = await forge.reviews(1)

    assert found == (Review("ada", looked_at), Review("bob", on_github.pull.head))
    assert looked_at != on_github.pull.head


async def test_a_dismissed_approval_is_none_on_a_later_page_too(on_github: Scene) -> None:
    on_github.host.page_size = 1
    on_github.pull.review("ada")
    on_github.pull.review("bob").dismiss()

    assert await approving(on_github) == ["ada"]


async def test_a_deleted_fork_is_a_fork(on_github: Scene) -> None:
    body = on_github.pull.body
    body["head"]["repo"] = None

    assert pull_request_of(body).fork


# Artifacts


def artifact(run: Run, id: int) -> Artifact:
    return Artifact(str(id), "asstctl-prod", str(run.id), run.head)


async def test_artifacts_are_those_of_a_name_and_a_commit_newest_first(on_github: Scene) -> None:
    on_github.host.page_size = 1
    one, two = on_github.pull.run(), on_github.pull.run()
    first, second = one.upload("asstctl-prod", {"a": "1"}), two.upload("asstctl-prod", {"a": "2"})
    one.upload("asstctl-prod2", {})
    one.upload("asstctl-prod", {}).expired = True
    on_github.repository.run("push", branch="main").upload("asstctl-prod", {})
    on_github.repository.pull("change", fork=True).run().upload("asstctl-prod", {})

    async with on_github.open() as forge:
        found = await forge.artifacts("asstctl-prod", on_github.pull.head)

    assert found == (artifact(two, second.id), artifact(one, first.id))


async def test_a_listing_that_promises_more_for_ever_is_not_believed(on_github: Scene) -> None:
    link = {"link": '<https://elsewhere.example/?page=2>; rel="next"'}
    on_github.host.fail("GET", "/artifacts$", 200, headers=link, body={"artifacts": []})

    async with on_github.open() as forge:
        with pytest.raises(IncompleteListing):
            await forge.artifacts("asstctl-prod", on_github.pull.head)


async def test_the_content_comes_from_elsewhere_without_the_token(on_github: Scene) -> None:
    run = on_github.pull.run()
    kept = run.upload("asstctl-prod", {"record.json": '{"a": 1}', "deep/record.json": "no"})

    async with on_github.open() as forge:
        assert await forge.content(artifact(run, kept.id), "record.json", at_most=100) == b'{"a": 1}'

    [asked] = on_github.host.storage.seen
    assert asked.status == 200
    assert "authorization" not in asked.asked.headers


async def test_content_is_fetched_again_where_its_host_failed(on_github: Scene) -> None:
    run = on_github.pull.run()
    kept = run.upload("asstctl-prod", {"record.json": "{}"})
    on_github.host.storage.fail("GET", "zip", 503)
    on_github.host.storage.fail("GET", "zip", None)

    async with on_github.open() as forge:
        assert await forge.content(artifact(run, kept.id), "record.json", at_most=100) == b"{}"


@pytest.mark.parametrize(
    "address, error",
    [
        ("http://blobs.example/a.zip?sig=secret", BadAnswer),
        ("file:///etc/passwd?sig=secret", BadAnswer),
        ("//elsewhere.example?sig=secret", BadAnswer),
        ("", ProviderError),
    ],
)
async def test_content_is_asked_for_over_https_alone(
    on_github: Scene, address: str, error: type[ProviderError]
) -> None:
    run = on_github.pull.run()
    on_github.host.fail("GET", "/zip$", 302, headers={"location": address})

    async with on_github.open() as forge:
        with pytest.raises(error) as caught:
            await forge.content(artifact(run, 1), "record.json", at_most=100)

    assert "secret" not in f"{caught.value!r} {vars(caught.value)}"


async def test_the_address_of_content_is_in_no_error_and_no_log(on_github: Scene) -> None:
    run = on_github.pull.run()
    kept = run.upload("asstctl-prod", {"record.json": "{}"})
    on_github.host.storage.fail("GET", "zip", 403, times=3)
    seen: list[object] = []

    async with on_github.open(observer=seen.append) as forge:
        with pytest.raises(AuthFailed) as caught:
            await forge.content(artifact(run, kept.id), "record.json", at_most=100)

    [signature] = on_github.host.storage.blobs
    assert signature not in f"{caught.value!r} {vars(caught.value)} {seen}"


@pytest.mark.parametrize("expired", [False, True])
async def test_content_that_is_gone_is_not_found(on_github: Scene, expired: bool) -> None:
    run = on_github.pull.run()
    kept = run.upload("asstctl-prod", {})
    kept.expired = expired

    async with on_github.open() as forge:
        with pytest.raises(NotFound):
            await forge.content(artifact(run, kept.id if expired else 1), "record.json", at_most=100)


async def test_a_zip_that_holds_no_such_file_is_a_bad_answer(on_github: Scene) -> None:
    run = on_github.pull.run()
    kept = run.upload("asstctl-prod", {"plan.json": "{}"})

    async with on_github.open() as forge:
        with pytest.raises(BadAnswer, match=r"record\.json is not in it"):
            await forge.content(artifact(run, kept.id), "record.json", at_most=100)


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


GOOD = zipped(("record.json", b"{}"))


def encrypted() -> bytes:
    at = GOOD.index(b"PK\x01\x02") + 8
    return GOOD[:at] + b"\x01\x00" + GOOD[at + 2 :]


def lying() -> bytes:
    """Says that its content is small, and is not."""
    content = zipped(("record.json", b"0" * 5000))
    at = content.index(b"PK\x01\x02") + 24
    return content[:at] + struct.pack("<I", 10) + content[at + 4 :]


def twice() -> bytes:
    one = zipped(("record.json", b"{}"), ("recorx.json", b"[]"))
    return one.replace(b"recorx.json", b"record.json")


@pytest.mark.parametrize(
    "archive, why",
    [
        (b"", "not a zip"),
        (b"PK\x03\x04", "not a zip"),
        (GOOD[:-10], "not a zip"),
        (GOOD.replace(b"PK\x03\x04", b"PK\x03\x05"), "not a zip"),
        (zipped(("record.json", b"\0" * 50_000_000)), "larger than 1000"),
        (zipped(("record.json", b"0" * 1001)), "larger than 1000"),
        (zipped(("record.json", b"{}"), method=zipfile.ZIP_LZMA), "packed"),
        (encrypted(), "packed"),
        (lying(), "not a zip"),
        (twice(), "more than once"),
        (zipped(("./record.json", b"{}")), "not in it"),
        (zipped(("../record.json", b"{}")), "not in it"),
        (zipped(("/record.json", b"{}")), "not in it"),
        (zipped(("RECORD.JSON", b"{}")), "not in it"),
        (zipped(("record.json/", b"")), "not in it"),
        (zipped(("a/record.json", b"{}")), "not in it"),
    ],
)
def test_a_zip_gives_one_file_of_a_name_within_bounds_or_nothing(archive: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        file_in_zip(archive, "record.json", at_most=1000)


def test_a_broken_zip_never_raises_anything_else() -> None:
    """Whatever one byte of it becomes."""
    for at in range(len(GOOD)):
        for value in (0x00, 0xFF, GOOD[at] ^ 0x01):
            broken = GOOD[:at] + bytes((value,)) + GOOD[at + 1 :]
            try:
                assert file_in_zip(broken, "record.json", at_most=1000) == b"{}"
            except ValueError as error:
                assert not isinstance(error, UnicodeError)  # noqa: PT017


def test_a_file_of_exactly_its_bound_is_given() -> None:
    assert len(file_in_zip(zipped(("record.json", b"0" * 1000)), "record.json", at_most=1000)) == 1000


# Runs


async def test_a_run_names_the_files_that_said_what_it_did(on_github: Scene) -> None:
    run = on_github.pull.run(referenced=["octo/SHOP/.github/workflows/called.yml@refs/heads/main", "o/p/x.yml@v1"])

    async with on_github.open() as forge:
        found = await forge.run(str(run.id))

    assert (found.id, found.event, found.head, found.fork) == (str(run.id), "pull_request", run.head, False)
    assert set(found.files) == {PLAN_WORKFLOW, CALLED, ACTIONS}
    assert found.files[0] == PLAN_WORKFLOW
    assert found.url.endswith(f"/runs/{run.id}")


async def test_a_run_is_followed_into_the_actions_that_it_uses(on_github: Scene) -> None:
    uses = "jobs:\n  a:\n    steps:\n      - uses: ./tools/one\n      - uses: 'owner/other@v1'\n"
    one = {"tools/one/action.yml": "runs:\n  steps:\n    - uses: ./tools/two\n", "tools/two/action.yaml": "runs: {}\n"}
    on_github.git.commit({PLAN_WORKFLOW: uses, **one}, branch="change")
    run = on_github.pull.run()

    async with on_github.open() as forge:
        found = await forge.run(str(run.id))

    assert set(found.files) == {PLAN_WORKFLOW, ACTIONS, "tools/one", "tools/two"}


async def test_a_run_that_uses_more_actions_than_anybody_looks_at_is_a_bad_answer(on_github: Scene) -> None:
    steps = "".join(f"      - uses: ./tools/{number}\n" for number in range(MOST_ACTIONS))
    on_github.git.commit({PLAN_WORKFLOW: f"jobs:\n  a:\n    steps:\n{steps}"}, branch="change")
    run = on_github.pull.run()

    async with on_github.open() as forge:
        with pytest.raises(BadAnswer, match=f"more than {MOST_ACTIONS} files"):
            await forge.run(str(run.id))


@pytest.mark.parametrize(
    "line, path",
    [
        ("- uses: ./a/b", "a/b"),
        ("  uses: './a/b/'", "a/b"),
        ('"uses": "./a"', "a"),
        ("uses: $/.github/workflows/x.yml", ".github/workflows/x.yml"),
        ("uses: ./", "."),
        ("uses: ./a # comment", "a"),
        ("uses: actions/checkout@v4", None),
        ("# uses: ./a", None),
        ("causes: ./a", None),
    ],
)
def test_what_is_used_of_the_own_repository_is_found_in_the_text(line: str, path: str | None) -> None:
    assert list(used_in(f"a:\n{line}\n")) == ([] if path is None else [path])


@pytest.mark.parametrize("event", ["push", "workflow_dispatch", "pull_request_target"])
async def test_a_run_says_what_started_it(on_github: Scene, event: str) -> None:
    run = on_github.repository.run(event)

    async with on_github.open() as forge:
        assert (await forge.run(str(run.id))).event == event


async def test_a_run_for_a_fork_says_so(on_github: Scene) -> None:
    run = on_github.repository.pull("change", fork=True).run()

    async with on_github.open() as forge:
        assert (await forge.run(str(run.id))).fork


async def test_a_run_that_is_not_there_is_not_found(on_github: Scene) -> None:
    async with on_github.open() as forge:
        with pytest.raises(NotFound):
            await forge.run("1")


# Versions


@pytest.mark.parametrize(
    "files, differing",
    [
        ({"bots/tutor.yaml": "other\n"}, ()),
        ({PLAN_WORKFLOW: "other\n"}, (PLAN_WORKFLOW,)),
        ({f"{ACTIONS}/set-up/action.yml": "other\n"}, (ACTIONS,)),
        ({f"{ACTIONS}/new/action.yml": "new\n"}, (ACTIONS,)),
        ({f"{ACTIONS}/set-up/action.yml": None}, (ACTIONS,)),
        ({PLAN_WORKFLOW: None}, (PLAN_WORKFLOW,)),
        ({"tools/new/action.yml": "new\n"}, ("tools/new",)),
    ],
)
async def test_versions_tell_what_is_not_the_same(
    on_github: Scene, files: dict[str, str | None], differing: tuple[str, ...]
) -> None:
    on_github.git.commit(files, branch="change")

    async with on_github.open() as forge:
        paths = (PLAN_WORKFLOW, CALLED, ACTIONS, "tools/new", "nowhere/at/all")
        found = await forge.versions(paths, on_github.pull.head, on_github.pull.base)

    assert found.differing == differing
    assert found.there.keys() == set(paths)
    assert found.there["nowhere/at/all"] is None


async def test_a_link_is_not_the_file_that_it_leads_to(on_github: Scene) -> None:
    """Nor is a file that may be executed."""
    on_github.git.git("checkout", "-q", "change")
    place = on_github.git.path / PLAN_WORKFLOW
    text = place.read_text("utf-8")
    place.unlink()
    place.symlink_to(text)
    (on_github.git.path / CALLED).chmod(0o755)
    on_github.git.git("commit", "-qam", "a link")

    async with on_github.open() as forge:
        found = await forge.versions((PLAN_WORKFLOW, CALLED), on_github.pull.head, on_github.pull.base)

    assert found.differing == (PLAN_WORKFLOW, CALLED)


async def test_versions_at_a_commit_that_is_not_there_are_not_found(on_github: Scene) -> None:
    async with on_github.open() as forge:
        with pytest.raises(NotFound):
            await forge.versions((PLAN_WORKFLOW,), "0" * 40, on_github.pull.base)


async def test_a_folder_that_is_not_whole_is_a_bad_answer(on_github: Scene) -> None:
    on_github.host.fail("GET", "/git/trees/", 200, body={"tree": [], "truncated": True})

    async with on_github.open() as forge:
        with pytest.raises(BadAnswer):
            await forge.versions((PLAN_WORKFLOW,), on_github.pull.head, on_github.pull.base)


# Limits


@pytest.mark.parametrize(
    "status, headers, message, seconds",
    [
        (403, {"retry-after": "120"}, "You have exceeded a secondary rate limit", 120),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"}, "API rate limit exceeded", None),
        (429, {"retry-after": "120"}, "", 120),
    ],
)
async def test_a_limit_is_none_of_the_tokens(
    on_github: Scene, status: int, headers: dict[str, str], message: str, seconds: float | None
) -> None:
    """403 means both on GitHub."""
    on_github.host.fail("GET", "/1$", status, headers=headers, body={"message": message}, times=3)

    async with on_github.open() as forge:
        with pytest.raises(RateLimited) as caught:
            await forge.pull_request(1)

    assert seconds is None or caught.value.retry_after == seconds
    assert len(on_github.host.lines("GET")) == 1


async def test_a_secondary_limit_without_a_time_is_waited_out(on_github: Scene) -> None:
    on_github.host.fail("GET", "/1$", 403, body={"message": "You have exceeded a secondary rate limit."})

    async with on_github.open() as forge:
        assert (await forge.pull_request(1)).number == 1


async def test_the_longest_comment_is_taken_and_a_longer_one_rejected(on_github: Scene) -> None:
    async with on_github.open() as forge:
        await forge.write_comment(1, "é" * LONGEST_COMMENT)
        with pytest.raises(Rejected, match="Body is too long"):
            await forge.write_comment(1, "é" * (LONGEST_COMMENT + 1))

    assert len(on_github.bodies) == 1


PERMITTED: dict[str, Callable[..., object]] = {
    "pull-requests": lambda forge, scene: forge.pull_request(1),
    "actions": lambda forge, scene: forge.artifacts("asstctl-prod", scene.pull.head),
    "contents": lambda forge, scene: forge.contains(scene.pull.head, scene.pull.base),
}


@pytest.mark.parametrize("lacking", list(PERMITTED))
async def test_a_permission_that_a_job_lacks_is_named(on_github: Scene, lacking: str) -> None:
    token = on_github.repository.token({name: level for name, level in READS.items() if name != lacking})

    async with on_github.open(on_github.environ(token)) as forge:
        with pytest.raises(AuthFailed) as caught:
            await PERMITTED[lacking](forge, on_github)  # type: ignore[misc]

    assert caught.value.hint == f"Add `{lacking}: read` to the `permissions` of this job."


async def test_a_token_may_have_the_name_that_the_hosts_own_tool_reads(on_github: Scene) -> None:
    environ = on_github.environ()
    environ["GH_TOKEN"] = environ.pop("GITHUB_TOKEN")

    async with on_github.open(environ) as forge:
        assert (await forge.pull_request(1)).number == 1


async def test_every_request_names_the_version_that_says_what_a_merge_made(on_github: Scene) -> None:
    made = on_github.pull.merge()

    async with on_github.open(on_github.pushed()) as forge:
        assert await forge.merged_by(made)
        await forge.comments(1, "<!-- none -->")

    assert {one.asked.headers.get("x-github-api-version") for one in on_github.host.seen} == {"2022-11-28"}


async def test_who_we_are_is_asked_once_and_where_it_is_needed(on_github: Scene) -> None:
    async with on_github.open() as forge:
        await forge.comments(1, "<!-- mark -->")
        assert on_github.host.lines("POST") == []
        await forge.write_comment(1, "<!-- mark -->\nours")
        for _ in range(2):
            assert len(await forge.comments(1, "<!-- mark -->")) == 1

    assert on_github.host.lines("POST").count("POST /graphql 200") == 1


async def test_a_host_that_does_not_say_who_we_are_gives_no_comments(on_github: Scene) -> None:
    on_github.pull.comment(on_github.own, "<!-- mark -->\nours")
    on_github.host.fail("POST", "/graphql", 200, body={"errors": [{"message": "no"}]})

    async with on_github.open() as forge:
        with pytest.raises(BadAnswer):
            await forge.comments(1, "<!-- mark -->")


async def test_enterprise_servers_speak_graphql_beside_their_rest(on_github: Scene) -> None:
    environ = on_github.environ()
    environ["GITHUB_API_URL"] += "/api/v3"
    on_github.host.fail(
        "GET", "/api/v3/repos/octo/shop/issues/1/comments$", 200, body=[on_github.pull.comment("x", "<!-- m -->")]
    )
    on_github.host.fail("POST", "^/api/graphql$", 200, body={"data": {"viewer": {"login": "x"}}})

    async with on_github.open(environ) as forge:
        assert len(await forge.comments(1, "<!-- m -->")) == 1


async def test_a_fault_of_the_host_says_how_often_it_was_asked(on_github: Scene) -> None:
    on_github.host.fail("GET", "/1$", 500, times=3)

    async with on_github.open() as forge:
        with pytest.raises(ServerFault, match="3 tries"):
            await forge.pull_request(1)


async def test_artifacts_of_a_commit_do_not_hide_those_of_the_same_name_elsewhere(on_github: Scene) -> None:
    run = on_github.pull.run()
    kept = run.upload("asstctl-prod", {"record.json": "{}"})
    other = on_github.repository.run("push", branch="main")

    async with on_github.open() as forge:
        assert await forge.artifacts("asstctl-prod", other.head) == ()
        [found] = await forge.artifacts("asstctl-prod", run.head)

    assert replace(found, head="") == Artifact(str(kept.id), "asstctl-prod", str(run.id), "")
