"""Files that somebody saved: a project that is valid and applies to `local`, and what is said where that cannot be."""

import json
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.pull import FileEdit
from asstctl.documents.yaml import parse_one
from asstctl.kinds.canonical import response_format
from asstctl.workspace.file_writing import Written, write_all
from tests.cli.conftest import Project, Result
from tests.cli.test_edits import live, writes
from tests.migrate.saved import (
    ASK,
    ASSISTANTS,
    OFFLINE_ONLY,
    STORE,
    Raw,
    assistant,
    function,
    is_crowded,
    listed,
    thread,
    unknown_tool,
    write_saved,
)

COMPARED = ("name", "description", "model", "instructions", "temperature", "top_p", "reasoning_effort", "metadata")
GUAGUA = ASSISTANTS[0]


def save(project: Project, name: str, value: Any) -> None:
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")


def migrated(project: Project, *arguments: str) -> dict[str, Any]:
    """What `migrate` says as JSON."""
    result = project.run("migrate", *arguments, "--format", "json")
    assert result.code in (0, 1), result
    told: dict[str, Any] = json.loads(result.out)
    return told


def settled(project: Project) -> None:
    """The end of every apply: a plan that is empty, and an apply that writes nothing."""
    assert "No changes." in project.done("plan")
    assert writes(project.run("apply", "--yes", "-v").err) == []


def files(project: Project) -> set[str]:
    return {path.relative_to(project.root).as_posix() for path in project.root.rglob("*") if path.is_file()}


def test_every_shape_of_file_gives_a_project_that_is_valid_and_applies(empty: Project) -> None:
    write_saved(empty.root / "saved")

    told = migrated(empty, "saved")

    wanted = [raw for raw in (*ASSISTANTS, *OFFLINE_ONLY) if not is_crowded({"metadata": None, **raw})]
    assert {one["id"] for one in told["assistants"]} == {raw.get("id", "") for raw in wanted}
    assert [one["path"] for one in told["threads"]] == ["assistants/conversations/thread_whole.convo.yaml"]
    left = {one["what"]: one for one in told["unbrought"]}
    assert left.keys() >= {raw["id"] for raw in ASSISTANTS if is_crowded(raw)}
    assert "are valid" in empty.done("validate")
    empty.done("apply", "--yes")
    made = {one["name"]: one for one in live(empty) if one["name"] != "Twin" and one["name"]}
    for raw in wanted:
        if raw.get("name") in made and not unknown_tool({"tools": [], **raw}):
            found = made[raw["name"]]
            kept = {key: value for key, value in found["metadata"].items() if not key.startswith("asstctl_")}
            given = {key: raw.get(key) for key in COMPARED if raw.get(key) is not None}
            assert given == {key: ({**found, "metadata": kept})[key] for key in given}, raw["name"]
            assert [tool["type"] for tool in found["tools"]] == [tool["type"] for tool in raw["tools"]]
            assert response_format(found["response_format"]) == response_format(raw.get("response_format"))
    settled(empty)


def test_no_option_of_a_provider_is_lost_in_silence(empty: Project) -> None:
    """Each set field of each object is in a manifest or in the report."""
    save(empty, "future.json", OFFLINE_ONLY[0])
    told = migrated(empty, "future.json")
    assert told["unbrought"] == []
    document, _ = parse_one((empty.root / "assistants/future.yaml").read_text("utf-8"), "future.yaml")
    assert document is not None
    value: Any = document.value
    assert value["extensions"] == {"assistants": {"limits": {"depth": 3}, "safety_level": "high"}}


def test_tools_that_no_manifest_knows_leave_tools_undeclared(empty: Project) -> None:
    raw = next(raw for raw in ASSISTANTS if unknown_tool(raw) == "retrieval")
    save(empty, "one.json", raw)
    result = empty.run("migrate", "one.json")
    assert result.code == 1
    assert "assistant.from-v1: tools is not written\n    a tool of type retrieval cannot be declared" in result.out
    assert "tools" not in (empty.root / "assistants/from-v1.yaml").read_text("utf-8")
    assert "is valid" in empty.done("validate")


def test_a_full_set_of_metadata_is_reported_with_a_way_on(empty: Project) -> None:
    raw = next(raw for raw in ASSISTANTS if len(raw["metadata"]) == 16)
    save(empty, "one.json", raw)
    result = empty.run("migrate", "one.json")
    assert result.code == 1
    said = " ".join(result.out.split())
    assert f"! {raw['id']} is not written" in said
    assert "keep 13 at most where it was saved" in said
    assert files(empty) == {"one.json"}


def test_knowledge_is_written_as_ids_with_a_comment(empty: Project) -> None:
    """And the local server, which knows none of them, is not told of them."""
    save(empty, "one.json", next(raw for raw in ASSISTANTS if raw["name"] == "Analyst"))
    migrated(empty, "one.json")
    text = (empty.root / "assistants/analyst.yaml").read_text("utf-8")
    assert text.startswith("# The ids below are those of the old account")
    assert STORE in text
    empty.done("apply", "--yes")
    assert live(empty)[0]["tool_resources"] == {
        "code_interpreter": {"file_ids": []},
        "file_search": {"vector_store_ids": []},
    }
    settled(empty)


def test_functions_and_long_instructions_are_files(empty: Project) -> None:
    """Functions that several share, and instructions that are long, stand in files of their own."""
    write_saved(empty.root / "saved")
    migrated(empty, "saved")
    assert files(empty) >= {"assistants/functions/ask_database.yaml", "assistants/huge.md", "assistants/lines.md"}
    assert (empty.root / "assistants/huge.md").read_text("utf-8").endswith("---\n" + "长" * 256_000)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("no.json", "{not json", "`no.json` is not JSON that can be read"),
        ("nan.json", '{"model": NaN}', "`nan.json` is not JSON that can be read"),
        ("lines.jsonl", '{"model": "m"}\n{"model": \n', "lines.jsonl:2"),
        ("latin.json", b'{"model": "\xe9"}', "is not UTF-8"),
        ("list.json", [GUAGUA, 3], "`[1]` is no object of the Assistants API"),
        ("chat.json", {"object": "chat.completion", "id": "c"}, "has `object: chat.completion`"),
        ("model.json", {**GUAGUA, "model": None}, "it has no model"),
        ("pairs.json", {**GUAGUA, "metadata": {"a": 1}}, "metadata is not a map of texts"),
        ("tool.json", {**GUAGUA, "tools": ["code_interpreter"]}, "a tool is no object, or a function has no name"),
        ("text.json", {**GUAGUA, "instructions": {"file": "x"}}, "instructions is not a text"),
        ("package.json", {"name": "x", "version": "1.0.0"}, "`package.json` is no object of the Assistants API"),
        ("twice.json", [GUAGUA, {**GUAGUA, "name": "Other"}], "is saved twice, and differently"),
        ("gone.json", None, "does not exist"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_written(empty: Project, name: str, text: Any, said: str) -> None:
    """With the file and the reason, beside what is wrong with every other file."""
    save(empty, "good.json", ASSISTANTS[1])
    save(empty, "other/broken.json", "[")
    if isinstance(text, bytes):
        (empty.root / name).write_bytes(text)
    elif text is not None:
        save(empty, name, text)
    before = files(empty)
    result = empty.run("migrate", "good.json", name, "other")
    assert result.code == 1
    assert said in " ".join(result.err.split())
    assert "`other/broken.json` is not JSON that can be read" in result.err
    assert files(empty) == before


def test_a_list_that_goes_on_is_said(empty: Project) -> None:
    save(empty, "page.json", listed([GUAGUA], has_more=True))
    (note,) = migrated(empty, "page.json")["notes"]
    assert note.startswith("page.json is one page of a list that goes on")
    assert GUAGUA["id"] in note


def test_objects_of_which_no_file_is_made_are_counted(empty: Project) -> None:
    saved = [
        GUAGUA,
        {"object": "vector_store", "id": "vs_1"},
        {"object": "file", "id": "f"},
        {"object": "file", "id": "g"},
    ]
    save(empty, "all.json", saved)
    notes = migrated(empty, "all.json")["notes"]
    assert [note.partition(":")[0] for note in notes] == [
        "an object of type vector_store is not brought",
        "2 objects of type file are not brought",
    ]


def test_what_is_there_already_is_neither_overwritten_nor_doubled(empty: Project) -> None:
    save(empty, "one.json", GUAGUA)
    save(empty, "two.json", {**ASSISTANTS[1], "name": "Guagua's friend"})
    migrated(empty, "one.json")
    before = {name: (empty.root / name).read_bytes() for name in files(empty)}
    told = migrated(empty, "one.json", "two.json")
    assert [one["what"] for one in told["unbrought"]] == [GUAGUA["id"]]
    assert {name: (empty.root / name).read_bytes() for name in before} == before
    assert files(empty) - before.keys() == {"assistants/guagua-s-friend.yaml"}


def test_a_project_of_its_own_is_made_where_it_is_asked_for(empty: Project) -> None:
    """In a folder that need not be there, even below another project."""
    empty.write("asstctl.yaml", "version: 1\nproject: school\n")
    save(empty, "one.json", GUAGUA)
    result = empty.run("migrate", "one.json", "--into", "New School")
    assert result.code == 0
    assert "Next: asstctl -C 'New School' validate" in result.out
    assert "project: new-school " in (empty.root / "New School/asstctl.yaml").read_text("utf-8")
    assert "are valid: 1 assistant." in empty.done("-C", "New School", "validate")


def test_a_report_alone_writes_nothing(empty: Project) -> None:
    save(empty, "one.json", GUAGUA)
    out = empty.done("migrate", "one.json", "--report-only", "--to", "openai")
    assert "Would write 4 files: 1 assistant from one.json." in out
    assert files(empty) == {"one.json"}


def test_files_that_would_not_be_valid_are_not_left_behind(empty: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that is a secret here is one that no manifest may hold: it is left out, and said without it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-this-shell-123456")
    save(empty, "one.json", {**GUAGUA, "instructions": "The key is sk-of-this-shell-123456."})
    result = empty.run("migrate", "one.json", "--to", "openai")
    assert result.code == 1
    assert "it holds the value of the secret OPENAI_API_KEY" in " ".join(result.out.split())
    texts = [path.read_text("utf-8") for path in empty.root.rglob("*.yaml")]
    assert not any("sk-of-this" in text for text in (*texts, result.out, result.err))


@pytest.mark.parametrize(
    "arguments, said",
    [
        ((), "there is nothing to read"),
        (("one.json", "--to", "opnai"), "opnai is neither a target of the project nor a provider"),
        (("--from", "prod"), "there is no target 'prod'"),
        (("--from", "local", "--into", "there"), "--from goes without --into"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(empty: Project, arguments: tuple[str, ...], said: str) -> None:
    save(empty, "one.json", GUAGUA)
    result = empty.run("migrate", *arguments)
    assert result.code == 64, result
    assert said in result.err


def test_nothing_in_an_object_acts_on_the_terminal(empty: Project) -> None:
    """Names and types of others are shown as they are, with what acts spelled out."""
    raw = assistant("hostile", name="\x1b[2J::error::no", tools=[{"type": "\x1b]0;x\x07"}, function("f")])
    save(empty, "one.json", raw)
    for form in ("text", "markdown", "json"):
        result = empty.run("migrate", "one.json", "--report-only", "--to", "openai", "--format", form)
        assert "\x1b" not in result.out + result.err
        assert "\x07" not in result.out + result.err


# --- threads


def one_thread(raw: Raw) -> dict[str, Any]:
    """A thread as its lists, saved apart."""
    runs = [{key: value for key, value in run.items() if key != "steps"} for run in raw["runs"]]
    steps = [step for run in raw["runs"] for step in run["steps"]]
    bare = {key: value for key, value in raw.items() if key not in ("messages", "runs")}
    return {"thread": bare, "messages": raw["messages"], "runs": runs, "steps": steps}


def whole(raw: Raw) -> dict[str, Any]:
    return {"thread.json": raw}


def in_one_object(raw: Raw) -> dict[str, Any]:
    return {"thread.json": one_thread(raw)}


def with_lists(raw: Raw) -> dict[str, Any]:
    parts = one_thread(raw)
    return {"t.json": {**parts["thread"], "messages": listed(parts["messages"]), "runs": listed(raw["runs"])}}


def in_files(raw: Raw) -> dict[str, Any]:
    parts = one_thread(raw)
    lists = {name: listed(parts[name]) for name in ("messages", "runs", "steps")}
    return {"thread.json": parts["thread"], **{f"{name}.json": value for name, value in lists.items()}}


def without_thread(raw: Raw) -> dict[str, Any]:
    return {name: value for name, value in in_files(raw).items() if name != "thread.json"}


def steps_by_run(raw: Raw) -> dict[str, Any]:
    parts = one_thread(raw)
    return {"t.json": {**parts, "steps": {run["id"]: run["steps"] for run in raw["runs"]}}}


def without_runs(raw: Raw) -> dict[str, Any]:
    return {"t.json": {name: value for name, value in one_thread(raw).items() if name != "runs"}}


@pytest.mark.parametrize(
    "shape", [whole, in_one_object, with_lists, in_files, without_thread, steps_by_run, without_runs]
)
def test_a_thread_becomes_a_conversation_however_it_was_saved(
    empty: Project, shape: Callable[[Raw], dict[str, Any]]
) -> None:
    """User messages are its turns, recorded outputs its stubs, and the old replies stand as `was`."""
    save(empty, "saved/assistants.json", [GUAGUA, ASSISTANTS[1]])
    for name, value in shape(thread("abc")).items():
        save(empty, f"saved/{name}", value)

    told = migrated(empty, "saved")

    (brought,) = told["threads"]
    assert (brought["id"], brought["assistant"], brought["turns"], brought["notes"]) == (
        "thread_abc",
        "agiclass-demo",
        2,
        [],
    )
    document, _ = parse_one((empty.root / brought["path"]).read_text("utf-8"), "x")
    assert document is not None
    assert document.value == {
        "assistant": "agiclass-demo",
        "turns": [
            {
                "user": "周三有什么课?",
                "calls": [{"ask_database": {"query": "SELECT 1"}}],
                "was": "周三有 {{ 两 }} 节课。",
            },
            {"user": "谢谢 {{ '{{' }} x }}", "was": "不客气。"},
        ],
        "stubs": {"ask_database": {"return": [["AI"]]}},
    }
    assert "1 conversation." in empty.done("validate")


def test_a_thread_of_nobody_who_was_read_is_said(empty: Project) -> None:
    save(empty, "saved/a.json", [GUAGUA, ASSISTANTS[1]])
    save(empty, "saved/t.json", thread("abc", "asst_gone"))
    told = migrated(empty, "saved")
    (left,) = told["unbrought"]
    assert left["what"] == "thread_abc (saved/t.json)"
    assert left["reason"] == "its assistant is not among what was read (asst_gone)"
    assert told["threads"] == []


def test_calls_of_tools_that_are_not_declared_are_said(empty: Project) -> None:
    raw = {**GUAGUA, "tools": [{"type": "retrieval"}, ASK]}
    save(empty, "saved/a.json", raw)
    save(empty, "saved/t.json", thread("abc"))
    (brought,) = migrated(empty, "saved")["threads"]
    assert brought["notes"] == ["turn 1: `ask_database` was called, which the assistant no longer declares"]
    assert "2 files are valid" in empty.done("validate")


def test_a_conversation_that_would_hold_a_key_is_not_written(empty: Project) -> None:
    raw = thread("abc")
    raw["messages"][0]["content"][0]["text"]["value"] = "my key is sk-abcdefghijklmnopqrstuvwx"
    save(empty, "saved/a.json", GUAGUA)
    save(empty, "saved/t.json", raw)
    result: Result = empty.run("migrate", "saved")
    assert result.code == 1
    assert "it would hold a secret: turns[0].user: an API key" in " ".join(result.out.split())
    assert "sk-abcdef" not in result.out + result.err


def test_threads_without_steps_are_said_to_lack_calls(empty: Project) -> None:
    raw = thread("abc")
    for run in raw["runs"]:
        del run["steps"]
    save(empty, "saved/a.json", GUAGUA)
    save(empty, "saved/t.json", raw)
    (brought,) = migrated(empty, "saved")["threads"]
    assert brought["notes"] == ["no steps of its runs were saved: calls, and the stubs that answer them, are not in it"]


def test_an_export_of_one_assistant_and_one_thread_passes_as_a_test(empty: Project) -> None:
    """The conversation is played on `local`, whose replies nobody expects anything of."""
    save(empty, "saved/a.json", {**GUAGUA, "tools": []})
    save(empty, "saved/t.json", {**thread("abc"), "runs": []})
    migrated(empty, "saved")
    assert "1 passed" in empty.done("test")


def test_paths_are_shown_as_they_were_typed(empty: Project, tmp_path: Path) -> None:
    save(empty, "saved/a.json", GUAGUA)
    told = migrated(empty, "saved/a.json")
    assert told["sources"] == ["saved/a.json"]


def test_a_mark_of_this_program_is_left_out_and_said(empty: Project) -> None:
    """What was saved may have been ours elsewhere: here it is not, until it is applied."""
    mark = {"asstctl_project": "other", "asstctl_key": "assistant.x", "asstctl_base": "1;;"}
    save(empty, "one.json", {**GUAGUA, "metadata": {**GUAGUA["metadata"], **mark}})
    told = migrated(empty, "one.json")
    assert told["notes"] == ["1 of the saved assistants bore a mark of this program, which is left out"]
    assert "asstctl_" not in (empty.root / "assistants/agiclass-demo.yaml").read_text("utf-8")


def test_a_tool_that_breaks_a_rule_of_manifests_leaves_tools_undeclared_and_threads_whole(empty: Project) -> None:
    """No file of a function is left over either."""
    odd = {"type": "function", "function": {"name": "ask me", "parameters": {}}}
    save(empty, "saved/a.json", {**GUAGUA, "tools": [odd, ASK]})
    save(empty, "saved/t.json", thread("abc"))
    told = migrated(empty, "saved", "--to", "openai")
    assert [one["what"] for one in told["unbrought"]] == ["assistant.agiclass-demo: tools"]
    (fates,) = told["prospect"]["assistants"]
    assert [one["fate"] for one in fates["fields"] if one["field"].startswith("tools")] == ["lost"]
    assert told["threads"][0]["turns"] == 2
    assert [one["path"] for one in told["files"]] == [
        "asstctl.yaml",
        ".gitignore",
        "assistants/agiclass-demo.yaml",
        "assistants/conversations/thread_abc.convo.yaml",
    ]
    assert ": 1 assistant, 1 conversation." in empty.done("validate")


@pytest.mark.parametrize(
    "resources, what",
    [
        ("x", "tool_resources"),
        ({"file_search": "x"}, "tool_resources.file_search"),
        ({"file_search": {"vector_store_ids": "vs_1"}}, "tool_resources.file_search"),
        ({"code_interpreter": {"file_ids": [1]}}, "tool_resources.code_interpreter"),
        ({"computer": {"size": 1}}, "tool_resources.computer"),
    ],
)
def test_resources_that_cannot_be_read_are_said(empty: Project, resources: Any, what: str) -> None:
    save(empty, "one.json", {**GUAGUA, "tool_resources": resources})
    told = migrated(empty, "one.json")
    assert [one["what"] for one in told["unbrought"]] == [f"assistant.agiclass-demo: {what}"]
    assert "valid: 1 assistant." in empty.done("validate")


def test_metadata_that_no_server_takes_leaves_that_object_out_alone(empty: Project) -> None:
    save(empty, "all.json", [{**GUAGUA, "metadata": {"k" * 65: "v"}}, ASSISTANTS[1]])
    told = migrated(empty, "all.json")
    assert [one["what"] for one in told["unbrought"]] == [GUAGUA["id"]]
    assert len(told["assistants"]) == 1


def test_ends_of_lines_of_other_scripts_end_no_line_of_json_lines(empty: Project) -> None:
    lines = [{**GUAGUA, "instructions": "a\u2028b\x85c"}, ASSISTANTS[1]]
    save(empty, "two.jsonl", "".join(json.dumps(one, ensure_ascii=False) + "\r\n" for one in lines))
    assert len(migrated(empty, "two.jsonl")["assistants"]) == 2


def test_files_of_a_folder_that_are_passed_over_are_said(empty: Project, tmp_path: Path) -> None:
    save(empty, "saved/a.json", GUAGUA)
    save(empty, "saved/b.txt", GUAGUA)
    (empty.root / "saved/more").symlink_to(tmp_path, target_is_directory=True)
    (note,) = migrated(empty, "saved")["notes"]
    assert note.startswith("saved/more, saved/b.txt are not read: ")


def test_what_looks_like_a_key_is_said_without_it(empty: Project) -> None:
    save(empty, "one.json", {**GUAGUA, "metadata": {"token": "sk-abcdefghijklmnopqrstuvwx"}})
    result = empty.run("migrate", "one.json")
    assert "may hold a secret (metadata.token: an API key)" in " ".join(result.out.split())
    assert "sk-abcdef" not in result.out + result.err


def test_a_new_project_has_git_leave_our_folder_alone(empty: Project) -> None:
    """What its owner wrote there stays."""
    (empty.root / ".gitignore").write_bytes(b"*.log\r\n.env")
    save(empty, "one.json", GUAGUA)
    assert "  ~ .gitignore " in empty.run("migrate", "one.json").out
    assert (empty.root / ".gitignore").read_bytes() == b"*.log\r\n.env\n.asstctl/\n"
    save(empty, "two.json", ASSISTANTS[1])
    assert ".gitignore" not in empty.run("migrate", "two.json").out


def test_a_second_migration_of_the_same_writes_nothing(empty: Project) -> None:
    """Not even of an assistant without a name, whose key comes from its id, or of a thread."""
    save(empty, "saved/a.json", [GUAGUA, {**ASSISTANTS[1], "name": None}])
    save(empty, "saved/t.json", thread("abc"))
    migrated(empty, "saved")
    before = files(empty)
    told = migrated(empty, "saved")
    assert told["files"] == []
    assert [one["reason"].partition(", ")[0] for one in told["unbrought"]] == [
        "assistant.agiclass-demo has its name",
        f"{told['unbrought'][1]['reason'].split()[0]} has the key that its id gives",
        "assistants/conversations/thread_abc.convo.yaml is there already",
    ]
    assert files(empty) == before


def test_threads_come_after_their_assistant_too(empty: Project) -> None:
    """It is declared already then, and its conversations are held against what it declares."""
    save(empty, "a.json", GUAGUA)
    save(empty, "t.json", thread("abc"))
    migrated(empty, "a.json")
    (brought,) = migrated(empty, "a.json", "t.json")["threads"]
    assert (brought["assistant"], brought["turns"]) == ("agiclass-demo", 2)
    assert "valid: 1 assistant, 1 conversation." in empty.done("validate")


def test_a_vector_store_of_the_same_name_stands_in_no_assistants_way(empty: Project) -> None:
    empty.write("asstctl.yaml", "version: 1\nproject: school\n")
    empty.write("assistants/docs.yaml", f"kind: vector_store\nkey: docs\nname: {GUAGUA['name']}\n")
    save(empty, "one.json", GUAGUA)
    assert len(migrated(empty, "one.json")["assistants"]) == 1


def test_nothing_is_left_where_files_cannot_be_written(empty: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither files nor the folders that were made for them; and what is wrong is said with the file's name."""

    def full(*arguments: Any, **options: Any) -> Any:
        raise OSError(28, "No space left on device")

    save(empty, "one.json", GUAGUA)
    monkeypatch.setattr("asstctl.documents.whole_files.tempfile.mkstemp", full)
    result = empty.run("migrate", "one.json", "--into", "deep/er")
    assert result.code == 1
    assert "asstctl.yaml: No space left on device" in result.err
    assert not (empty.root / "deep").exists()


def test_what_no_conversation_says_of_a_thread_is_said(empty: Project) -> None:
    raw = thread("abc")
    raw |= {"metadata": {"a": "b"}, "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}}}
    first, second = raw["runs"]
    first["steps"][0]["step_details"]["tool_calls"] += [{"type": "code_interpreter", "code_interpreter": {}}]
    first["steps"][0]["step_details"]["tool_calls"][0]["function"]["output"] = None
    first["instructions"] = "other"
    second |= {"status": "failed", "last_error": {"code": "server_error", "message": "sorry"}}
    reply = raw["messages"][1]["content"]
    reply[0]["text"]["annotations"] = [{"type": "file_citation"}]
    reply.append({"type": "image_file", "image_file": {"file_id": "file-1"}})
    save(empty, "saved/a.json", GUAGUA)
    save(empty, "saved/t.json", raw)
    (brought,) = migrated(empty, "saved")["threads"]
    assert brought["notes"] == [
        "what the thread gave to file_search for itself is not in it",
        "metadata of 1 object (thread, messages or runs) is not in it",
        "1 annotation of its replies, citations and files, not in it: only their text is",
        "parts of its replies are not in it: image_file (1)",
        "what built-in tools did is not in it: code_interpreter (1)",
        "not every run was completed: run_2 failed (server_error)",
        "1 run had its own `instructions`, which the assistant does not have",
        "turn 1: nothing tells what `ask_database` answered: a test needs a stub for it",
    ]


def test_an_interruption_while_files_are_written_leaves_none(empty: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing does not stop for it; what was written is undone."""

    def interrupted(root: Path, edits: Iterable[FileEdit]) -> Written:
        written = write_all(root, edits)
        signal.raise_signal(signal.SIGINT)
        return written

    save(empty, "one.json", GUAGUA)
    monkeypatch.setattr("asstctl.workspace.migrate.write_all", interrupted)
    assert empty.run("migrate", "one.json", "--into", "new").code == 130
    assert not (empty.root / "new").exists()
