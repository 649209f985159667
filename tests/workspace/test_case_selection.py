"""Selection: which conversations a command line means, and what it says when it means none."""

from pathlib import Path

import pytest

from asstctl.conversation.case import Case, Turn
from asstctl.core.conversation import CaseResult, Failure, FailureKind
from asstctl.core.diagnostic import Where
from asstctl.core.errors import Refused, WrongUsage
from asstctl.workspace.conversations.case_selection import Choice, Selection
from asstctl.workspace.conversations.history import remember
from asstctl.workspace.conversations.options import Selected
from asstctl.workspace.conversations.shards import Shard


def case(id: str, file: str = "refunds", *tags: str, name: str = "") -> Case:
    where = Where(f"assistants/{file}.convo.yaml", 3)
    return Case("clerk", id, where, (Turn(where, "Hi"),), tags=tags, name=name)


CASES = (
    case("refund-ok[de]", "refunds", "smoke", "slow"),
    case("refund-ok[en]", "refunds", "smoke"),
    case("late", "refunds", name="A delivery that is late"),
    case("greets", "greets", "smoke"),
)


def chosen(choice: Choice, root: Path = Path("nowhere")) -> Selected:
    return Selection(choice, "local")(CASES, root)


def ids(choice: Choice, root: Path = Path("nowhere")) -> list[str]:
    return [one.id for one in chosen(choice, root).cases]


def result(one: Case, kind: FailureKind | None = None) -> CaseResult:
    return CaseResult(one.assistant, one.id, one.where, (), failure=Failure(kind, "m") if kind else None)


def test_without_a_choice_all_are_meant() -> None:
    assert chosen(Choice()) == Selected(CASES)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("refund", ["refund-ok[de]", "refund-ok[en]"]),
        ("clerk/greets", ["greets"]),
        ("DELIVERY", ["late"]),
        ("smoke and not [de]", ["refund-ok[en]", "greets"]),
    ],
)
def test_words_are_parts_of_names_and_tags(words: str, expected: list[str]) -> None:
    assert ids(Choice(words=words)) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (("smoke",), ["refund-ok[de]", "refund-ok[en]", "greets"]),
        (("not slow",), ["refund-ok[en]", "late", "greets"]),
        (("smoke", "not slow"), ["refund-ok[en]", "greets"]),
        (("slow,not smoke",), ["refund-ok[de]", "late"]),
    ],
)
def test_tags_are_whole_and_all_options_hold(tags: tuple[str, ...], expected: list[str]) -> None:
    assert ids(Choice(tags=tags)) == expected


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (("assistants/refunds.convo.yaml::late",), ["late"]),
        (("assistants/refunds.convo.yaml::refund-ok",), ["refund-ok[de]", "refund-ok[en]"]),
        (("assistants/refunds.convo.yaml::refund-ok[en]",), ["refund-ok[en]"]),
        (("assistants/refunds.convo.yaml::late", "assistants/greets.convo.yaml"), ["late", "greets"]),
        (("assistants/refunds.convo.yaml::late", "assistants"), [one.id for one in CASES]),
    ],
)
def test_a_node_means_one_conversation_or_all_cells_of_it(
    places: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    assert ids(Choice(places), tmp_path) == expected


def test_the_files_of_places_are_named_once_and_without_ids() -> None:
    places = ("a.convo.yaml::x", "a.convo.yaml::y", "folder", "b.convo.yaml")

    assert Choice(places).files == ("a.convo.yaml", "folder", "b.convo.yaml")


def test_an_unknown_id_is_wrong_usage_with_the_near_one(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage) as refused:
        chosen(Choice(("assistants/refunds.convo.yaml::lat",)), tmp_path)

    assert "holds no conversation `lat`" in str(refused.value)
    assert refused.value.hint == "did you mean `late`?"


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(words="nothing"), "-k nothing fits none of 4 conversations: clerk/refund-ok[de], "),
        (Choice(tags=("fast",)), "their tags: smoke, slow"),
        (
            Choice(words="late", tags=("smoke",)),
            "--tag smoke fits none of 1 conversation: clerk/late\nnone of them has",
        ),
    ],
)
def test_none_is_refused_with_what_there_is(choice: Choice, said: str) -> None:
    with pytest.raises(Refused, match="nothing to test") as refused:
        chosen(choice)

    assert said in refused.value.detail


def test_no_conversation_at_all_is_for_the_caller() -> None:
    assert Selection(Choice(words="x"), "local")((), Path()) == Selected((), "0 of 0 conversations: -k x")


def test_the_choice_is_told_in_words() -> None:
    assert chosen(Choice(words="-ok", tags=("not slow",))).words == "1 of 4 conversations: -k -ok, --tag 'not slow'"


def test_failed_means_what_did_not_pass_the_last_time(tmp_path: Path) -> None:
    remember(tmp_path, "local", [result(CASES[0]), result(CASES[2], FailureKind.TIMEOUT)])

    assert ids(Choice(failed=True), tmp_path) == ["late"]


def test_failed_is_fine_where_nothing_failed(tmp_path: Path) -> None:
    remember(
        tmp_path, "local", [CaseResult("clerk", "late", CASES[2].where, (), failure=Failure(FailureKind.TEXT, ""))]
    )
    gone = Selection(Choice(failed=True), "local")(CASES[:1], tmp_path)

    assert gone == Selected((), "1 conversation: none of them failed the last time", empty_is_fine=True)


def test_failed_needs_an_earlier_run(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no earlier run on local") as refused:
        chosen(Choice(failed=True), tmp_path)

    assert refused.value.hint == "play all of them: asstctl test"


def test_an_empty_shard_has_done_its_part() -> None:
    parts = [chosen(Choice(shard=Shard(number, 40))) for number in range(1, 41)]

    assert sum(len(part.cases) for part in parts) == 4
    assert all(part.empty_is_fine for part in parts)


def test_a_selection_knows_what_all_shards_play() -> None:
    selection = Selection(Choice(tags=("smoke",), shard=Shard(1, 3)), "local")

    selection(CASES, Path())

    assert [one.id for one in selection.before_shard] == ["refund-ok[de]", "refund-ok[en]", "greets"]
