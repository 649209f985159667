"""Vector stores and what speaks of them: files, references, and what a target can hold."""

from typing import Any

import pytest

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities, Limit
from asstctl.core.diagnostic import Severity
from asstctl.core.knowledge import attributes_for
from asstctl.core.resource import Desired
from asstctl.manifest import Loaded
from asstctl.providers import capabilities
from tests.manifest.conftest import Write, loaded, places

S = "kind: vector_store\nkey: s\n"
A = "kind: assistant\nkey: a\nmodel: m\n"
DOCS = {"docs/a.md": "a", "docs/b.md": "bb", "docs/c.txt": "ccc"}
TARGETS = "project: p\ntargets:\n  prod: {provider: assistants, base_url: 'https://x.org'}\n"
STATIC = "{type: static, static: {max_chunk_size_tokens: 800, chunk_overlap_tokens: 400}}"


def only(result: Loaded) -> Desired:
    """The one resource of files that must be right."""
    assert [one.summary for one in result.diagnostics] == []
    [desired] = result.desired
    return desired


def store(write: Write, body: str, project: str = "", target: str = "local") -> Desired:
    files = {"assistants/s.yaml": S + body, **DOCS} | ({"asstctl.yaml": project} if project else {})
    return only(loaded(write(files), target))


@pytest.mark.parametrize(
    "body, fields",
    [
        ("", {"name": "s"}),
        ("name: N\n", {"name": "N"}),
        ("name: null\n", {"name": None}),
        ("metadata: {a: b}\n", {"name": "s", "metadata": {"a": "b"}}),
        ("metadata: null\nexpires_after: null\n", {"name": "s", "metadata": None, "expires_after": None}),
        (
            "expires_after: {anchor: last_active_at, days: 7}\n",
            {"name": "s", "expires_after": {"anchor": "last_active_at", "days": 7}},
        ),
    ],
)
def test_fields_are_what_is_declared_and_the_key_is_the_name(write: Write, body: str, fields: dict[str, Any]) -> None:
    assert store(write, body).fields == fields


@pytest.mark.parametrize(
    "body, files",
    [
        ("", None),
        ("files: null\n", []),
        ("files: []\n", []),
        ("files: [/docs/b.md, /docs/*.md]\n", [("docs/a.md", {}, "auto"), ("docs/b.md", {}, "auto")]),
        ("files: [../assistants/x]\ntargets: {local: {files: [/docs/a.md]}}\n", [("docs/a.md", {}, "auto")]),
        ("files: [/docs/*]\ntargets: {local: {files: null}}\n", None),
        (
            (
                f"chunking_strategy: {STATIC}\n"
                "files: [/docs/a.md, {path: /docs/b.md, chunking_strategy: {type: auto}}]\n"
            ),
            [("docs/a.md", {}, "800/400"), ("docs/b.md", {}, "auto")],
        ),
        (
            (
                f"chunking_strategy: {STATIC}\nfiles: [/docs/a.md]\n"
                "targets: {local: {chunking_strategy: {type: auto}}}\n"
            ),
            [("docs/a.md", {}, "auto")],
        ),
        (
            (
                "attributes: {lang: en, n: 1}\n"
                "files: [{path: /docs/a.md, attributes: {lang: zh, ok: true, x: 0.5}}, /docs/*.md]\n"
            ),
            [
                ("docs/a.md", {"lang": "zh", "n": 1, "ok": True, "x": 0.5}, "auto"),
                ("docs/b.md", {"lang": "en", "n": 1}, "auto"),
            ],
        ),
    ],
)
def test_files_are_by_path_and_the_first_entry_that_matches_wins(write: Write, body: str, files: Any) -> None:
    found = store(write, body).files
    if found is None:
        assert files is None
    else:
        shown = [(one.file.path, dict(one.attributes), attributes_for(one)["asstctl_chunking"]) for one in found]
        assert shown == files


def test_attributes_keep_their_types(write: Write) -> None:
    [file] = store(write, "files: [{path: /docs/a.md, attributes: {a: '1', b: 1, c: 1.0, d: true}}]\n").files or ()

    assert [(type(value), value) for value in file.attributes.values()] == [
        (str, "1"),
        (int, 1),
        (float, 1.0),
        (bool, True),
    ]


def test_names_and_metadata_are_rendered_and_nothing_else_is(write: Write) -> None:
    desired = store(
        write,
        'name: "{{ vars.x }}"\nmetadata: {m: "{{ vars.x }}"}\n'
        'files: [{path: /docs/a.md, attributes: {a: "{{ vars.x }}"}}]\n',
        "vars: {x: y}\n",
    )

    assert desired.fields == {"name": "y", "metadata": {"m": "y"}}
    assert desired.files is not None
    assert desired.files[0].attributes == {"a": "{{ vars.x }}"}


def test_defaults_of_a_project_are_relative_to_it(write: Write) -> None:
    project = "defaults: {vector_store: {files: [docs/a.md], metadata: {team: t}}}\n"
    desired = store(write, "metadata: {lang: zh}\n", project)

    assert desired.fields["metadata"] == {"team": "t", "lang": "zh"}
    assert [one.file.path for one in desired.files or ()] == ["docs/a.md"]


def test_a_target_may_own_what_is_not_declared_and_is_not_ignored(write: Write) -> None:
    project = "targets: {local: {provider: local, own: all}}\n"
    desired = store(write, "protect: true\nignore_changes: [metadata, files]\nfiles: [/docs/a.md]\n", project)

    assert desired.fields == {"name": "s", "expires_after": None}
    assert (desired.protect, desired.ignored) == (True, {"metadata", "files"})
    assert len(desired.files or ()) == 1


@pytest.mark.parametrize("target, tools", [("local", 2), ("prod", 1)])
def test_an_assistant_speaks_of_stores_and_files_by_name(write: Write, target: str, tools: int) -> None:
    body = (
        "tools: [{type: code_interpreter}, {type: file_search, except: [prod]}]\n"
        "tool_resources:\n"
        "  file_search: {vector_stores: [s]}\n"
        "  code_interpreter: {files: [/docs/b.md, /docs/*.md], file_ids: [file-x]}\n"
    )
    files = {"asstctl.yaml": TARGETS, "assistants/a.yaml": A + body, "assistants/s.yaml": S, **DOCS}
    result = loaded(write(files), target, capabilities={target: capabilities("local")})
    assistant = next(one for one in result.desired if one.address.kind == "assistant")
    uploads = assistant.fields["tool_resources.code_interpreter"]

    assert result.diagnostics == ()
    assert isinstance(uploads, dict)
    assert [one if isinstance(one, str) else (one["$file"], one["bytes"]) for one in uploads["file_ids"]] == [
        "file-x",
        ("docs/a.md", 1),
        ("docs/b.md", 2),
    ]
    if target == "local":
        assert assistant.fields["tool_resources.file_search"] == {"vector_store_ids": [{"$ref": "vector_store.s"}]}
        assert assistant.depends_on == (Address("vector_store", "s"),)
    else:
        assert "tool_resources.file_search" not in assistant.fields
        assert assistant.depends_on == ()


@pytest.mark.parametrize(
    "body, value",
    [
        ("{file_search: {}}", {}),
        ("{file_search: {vector_stores: []}}", {"vector_store_ids": []}),
        ("{file_search: {vector_store_ids: [x]}}", {"vector_store_ids": ["x"]}),
        ("{file_search: {vector_stores: [s, s]}}", {"vector_store_ids": [{"$ref": "vector_store.s"}]}),
    ],
)
def test_what_is_written_of_stores_is_declared(write: Write, body: str, value: Any) -> None:
    files = {"assistants/a.yaml": A + f"tool_resources: {body}\n", "assistants/s.yaml": S}
    result = loaded(write(files))

    assert [one.fields.get("tool_resources.file_search", 0) for one in result.desired if one.address.key == "a"] == [
        value
    ]


@pytest.mark.parametrize(
    "body, place, code, hint",
    [
        ("file_search: {vector_stores: [handbok]}", "4:48", "bad-reference", "did you mean `handbook`?"),
        ("file_search: {vector_stores: [broken]}", "", "", ""),
        ("file_search: {vector_stores: [unread]}", "", "", ""),
        ("file_search: {vector_stores: [handbook, a]}", "4:58", "bad-reference", "declare it: `kind: vector_store`"),
        ("file_search: {vector_stores: [handbook], vector_store_ids: [x]}", "4:59", "limit", "remove some"),
        ("file_search: {vector_stores: [handbook, broken]}", "4:32", "limit", "remove some"),
        ("code_interpreter: {files: [/docs/*, /more/a.md]}", "4:54", "same-file-name", "rename one of them"),
        ("code_interpreter: {files: [/dcs/*]}", "4:45", "empty-glob", "there is no folder `dcs`"),
        ("code_interpreter: {files: [/many/*], file_ids: [x]}", "4:55", "limit", "remove some"),
        ("code_interpreter: {files: [/empty.md]}", "4:45", "limit", "put something in it"),
    ],
)
def test_what_is_wrong_with_a_reference_is_said_once(write: Write, body: str, place: str, code: str, hint: str) -> None:
    files = {
        "assistants/a.yaml": A + f"tool_resources: {{{body}}}\n",
        "assistants/b.yaml": "kind: vector_store\nkey: broken\nnmae: x\n",
        "assistants/h.yaml": "kind: vector_store\nkey: handbook\n",
        "assistants/u.yaml": "kind: vector_store\nkey: unread\nname: [\n",
        "more/a.md": "a",
        "empty.md": "",
        **DOCS,
        **{f"many/{number}.csv": "x" for number in range(20)},
    }
    diagnostics = loaded(write(files), capabilities={"local": capabilities("local")}).diagnostics
    found = [one for one in diagnostics if one.where and one.where.path == "assistants/a.yaml"]

    assert places(tuple(found)) == ([(code, f"assistants/a.yaml:{place}")] if code else [])
    assert all(hint in one.hint for one in found)


def test_a_store_that_nobody_uses_is_no_warning(write: Write) -> None:
    assert loaded(write({"assistants/s.yaml": S})).diagnostics == ()


SMALL = Capabilities(
    "w",
    {},
    {
        "vector_store": {
            "files": Limit(max_items=2),
            "files[].bytes": Limit(minimum=1, maximum=2),
            "files[].path": Limit(max_chars=20),
            "files[].attributes": Limit(max_items=2, max_key_chars=4, max_value_chars=5),
        }
    },
)


@pytest.mark.parametrize(
    "files, place, summary",
    [
        ("[/docs/*]", "4:1", "there are 3 files, and target `local` takes at most 2"),
        ("[/docs/*]", "4:9", "`docs/c.txt` has 3 bytes, and target `local` takes at most 2 bytes"),
        ("[/empty]", "4:9", "`empty` is empty, and target `local` takes no empty file"),
        ("[{path: /long/*}]", "4:16", "the path `long/a-very-long-name.md` has 24 characters, and"),
        ("[{path: /docs/a.md, attributes: {a: 123456, b: 123456, e: x}}]", "4:28", "`files[0].attributes` has 4 pairs"),
        ("[{path: /docs/a.md, attributes: {abcde: x}}]", "4:41", "a key of `files[0].attributes` has 5 characters"),
        ("[{path: /docs/a.md, attributes: {a: abcdef}}]", "4:44", "`files[0].attributes.a` has 6 characters"),
    ],
)
def test_what_a_target_cannot_hold_is_said_at_the_entry(write: Write, files: str, place: str, summary: str) -> None:
    body = f"attributes: {{k: v}}\nfiles: {files}\n"
    root = write({"assistants/s.yaml": S + body, "empty": "", "long/a-very-long-name.md": "x", **DOCS})
    found = loaded(root, capabilities={"local": SMALL}).diagnostics

    assert (f"assistants/s.yaml:{place}", True) in [(str(one.where), one.summary.startswith(summary)) for one in found]


def test_limits_are_those_of_every_target(write: Write) -> None:
    root = write({"asstctl.yaml": TARGETS, "assistants/s.yaml": S + "files: [/docs/b.md, /docs/c.txt]\n", **DOCS})
    [found] = loaded(root, capabilities={"local": SMALL, "prod": SMALL}).diagnostics

    assert found.summary == "`docs/c.txt` has 3 bytes, and targets `local`, `prod` take at most 2 bytes"


def test_a_secret_in_an_attribute_is_refused(write: Write) -> None:
    project = "project: p\ntargets: {x: {provider: assistants, base_url: 'https://x.org', api_key: {env: K}}}\n"
    body = "files: [{path: /docs/a.md, attributes: {a: xx-canary-xx}}]\n"
    root = write({"asstctl.yaml": project, "assistants/s.yaml": S + body, **DOCS})
    [found] = loaded(root, environ={"K": "canary"}).diagnostics

    assert (found.code, found.severity) == ("secret-in-manifest", Severity.ERROR)
    assert found.where is not None
    assert "canary" not in found.where.text


def test_ids_of_all_kinds_have_names_of_their_own(write: Write) -> None:
    root = write(
        {
            "assistants/a.yaml": "kind: assistant\nkey: vector_store_s\nmodel: m\n",
            "assistants/f.yaml": "kind: function\nkey: vector-store-s\n",
            "assistants/s.yaml": S,
        }
    )
    [found] = [one for one in loaded(root).diagnostics if one.severity is Severity.ERROR]

    assert found.code == "same-env-name"
    assert found.summary == ("`vector_store.s` and `assistant.vector_store_s` both give `ASSTCTL_VECTOR_STORE_S_ID`")
