"""What a wire cannot hold: refused at its line, or left out where the target accepts the loss."""

from collections.abc import Mapping
from typing import Any

import pytest

from asstctl.core.capabilities import Way
from asstctl.core.diagnostic import Diagnostic, has_errors
from asstctl.core.loss import Loss
from asstctl.core.reference import reference
from asstctl.core.resource import Desired
from asstctl.kinds import KINDS
from asstctl.manifest import Loaded, open_project
from asstctl.manifest.unsupported import lacking_tools, rows_of
from asstctl.providers import PROVIDERS, capabilities
from tests.manifest.conftest import Write, loaded, places

A = "kind: assistant\nkey: a\nmodel: m\n"
ASK = "kind: function\nkey: ask\nstrict: true\n"
SCHEMA = "{type: object, properties: {}, additionalProperties: false}"
SERVER = "server_label: crm, server_url: 'https://x.org/mcp'"

ROWS = [
    pytest.param("openai", "assistant.description", "description: x\n", "4:1", "drop", {}, id="description"),
    pytest.param("openai", "assistant.temperature", "temperature: 0.3\n", "4:1", "drop", {}, id="temperature"),
    pytest.param("openai", "assistant.top_p", "top_p: 0.3\n", "4:1", "drop", {}, id="top_p"),
    pytest.param(
        "openai",
        "assistant.response_format.json_object",
        "response_format: {type: json_object}\n",
        "4:25",
        "drop",
        {},
        id="json_object",
    ),
    pytest.param(
        "openai",
        "assistant.response_format.strict",
        f"response_format: {{type: json_schema, json_schema: {{name: n, strict: true, schema: {SCHEMA}}}}}\n",
        "4:61",
        "drop",
        {"response_format": {"json_schema": {"name": "n"}}},
        id="strict schema",
    ),
    pytest.param(
        "openai",
        "assistant.response_format.description",
        "response_format: {type: json_schema, json_schema: {name: n, description: d}}\n",
        "4:61",
        "drop",
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n"}}},
        id="description of a schema",
    ),
    pytest.param(
        "openai",
        "assistant.tools.code_interpreter",
        "tools:\n  - type: code_interpreter\n",
        "5:11",
        "session",
        {"tools": []},
        id="code_interpreter: threads get it",
    ),
    pytest.param(
        "openai",
        "assistant.tools.file_search",
        "tools: [{type: file_search}]\n",
        "4:16",
        "drop",
        {"tools": []},
        id="file_search: dropped",
    ),
    pytest.param(
        "openai",
        "assistant.tool_resources.code_interpreter",
        "tool_resources:\n  code_interpreter: {file_ids: [file-1]}\n",
        "5:3",
        "drop",
        {},
        id="files of the code interpreter",
    ),
    pytest.param(
        "openai",
        "function.strict",
        f"tools: [{{type: function, function: {{name: f, strict: true, parameters: {SCHEMA}}}}}]\n",
        "4:46",
        "drop",
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        id="strict function",
    ),
    *(
        pytest.param(
            provider,
            f"assistant.tools.{tool}",
            f"tools: [{{type: {tool}{more}}}]\n",
            "4:16",
            "drop",
            {"tools": []},
            id=f"{tool} on {provider}",
        )
        for provider in ("local", "assistants")
        for tool, more in (("mcp", f", {SERVER}"), ("web_search", ""))
    ),
]


def project(provider: str, on_unsupported: str = "", more: str = "") -> str:
    """A project file whose target `there` is of this provider."""
    url = "" if provider == "local" else "    base_url: 'http://127.0.0.1:1/v1'\n"
    accepts = f"    on_unsupported: {on_unsupported}\n" if on_unsupported else ""
    head = "version: 1\nproject: p\ndefault_target: there\ntargets:\n"
    return f"{head}  there:\n    provider: {provider}\n{url}{accepts}{more}"


def load_all(write: Write, files: Mapping[str, str], target: str = "") -> Loaded:
    """What the files mean on a target, held against what all of them can hold."""
    root = write(files)
    opened = open_project(root, {})
    known = {name: capabilities(one.provider) for name, one in opened.targets.items()}
    return loaded(root, target or opened.default_target, capabilities=known)


def one(write: Write, body: str, text: str, **files: str) -> Desired:
    """The one assistant, whose files must be right."""
    found = load_all(write, {"asstctl.yaml": text, "assistants/a.yaml": A + body, **files})
    assert not has_errors(found.diagnostics), found.diagnostics
    (desired,) = [desired for desired in found.desired if desired.address.kind == "assistant"]
    return desired


def refusal(write: Write, body: str, text: str) -> Diagnostic:
    (found,) = load_all(write, {"asstctl.yaml": text, "assistants/a.yaml": A + body}).diagnostics
    return found


@pytest.mark.parametrize(("provider", "words", "body", "place", "way", "left"), ROWS)
def test_what_a_wire_lacks_is_refused_at_its_line(
    write: Write, provider: str, words: str, body: str, place: str, way: str, left: Mapping[str, Any]
) -> None:
    found = refusal(write, body, project(provider))

    assert (found.code, str(found.where)) == ("unsupported", f"assistants/a.yaml:{place}")
    assert found.summary.endswith(", and target `there` speaks it")
    assert f"`on_unsupported: {{{words}: " in found.hint
    assert found.hint.endswith("under targets.there")


@pytest.mark.parametrize(("provider", "words", "body", "place", "way", "left"), ROWS)
def test_a_loss_that_is_accepted_is_left_out_and_noted(
    write: Write, provider: str, words: str, body: str, place: str, way: str, left: Mapping[str, Any]
) -> None:
    desired = one(write, body, project(provider, f"{{{words}: {way}}}"))

    kind, _, path = words.partition(".")
    row = capabilities(provider).unsupported[kind][path]
    assert desired.losses == (Loss(words, Way(way), row.what),)
    fields = {name: value for name, value in desired.fields.items() if name != "model"}
    assert fields.keys() == left.keys()
    assert covers(fields, left), fields
    assert "strict" not in str(fields)


def covers(value: Any, wanted: Any) -> bool:
    """Whether a value holds all that is wanted."""
    if isinstance(wanted, dict):
        return all(key in value and covers(value[key], item) for key, item in wanted.items())
    if isinstance(wanted, list):
        return len(value) == len(wanted) and all(covers(*pair) for pair in zip(value, wanted, strict=True))
    return bool(value == wanted)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_row_of_every_table_is_tested(provider: str) -> None:
    """A row that is added without a test is found here."""
    tested = {row.values[1] for row in ROWS if row.values[0] == provider}

    assert {words for words, _ in rows_of(capabilities(provider))} == tested


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_field_that_a_wire_lacks_has_a_row(provider: str) -> None:
    """Or it goes with a tool that has one: nothing is lost in silence."""
    known = capabilities(provider)
    for kind, fields in known.fields.items():
        rows = known.unsupported.get(kind, {})
        going = {f"tool_resources.{tool}" for tool in lacking_tools(known)}
        assert KINDS[kind].fields.keys() - fields.keys() <= rows.keys() | going


@pytest.mark.parametrize(
    "body",
    [
        "description: ''\n",
        "temperature: null\n",
        "temperature: 1\n",
        "response_format: auto\n",
        "response_format: {type: text}\n",
        "response_format: {type: json_schema, json_schema: {name: n, strict: false, description: ''}}\n",
        "tools: [{type: function, function: {name: f, strict: false}}]\n",
        "tool_resources: null\n",
        "tool_resources: {code_interpreter: {file_ids: []}, file_search: {vector_store_ids: []}}\n",
        "tools: [{type: code_interpreter, only: [local]}]\ntool_resources: {code_interpreter: {file_ids: [f]}}\n",
        "targets: {there: {temperature: null}}\ntemperature: 0.3\n",
        "ignore_changes: [temperature, tool_resources]\n",
    ],
)
def test_what_says_nothing_is_no_loss(write: Write, body: str) -> None:
    desired = one(write, body, project("openai"))

    assert desired.losses == ()
    assert desired.fields.keys() <= capabilities("openai").fields["assistant"].keys()
    assert desired.ignored == frozenset()


def test_every_loss_is_said_at_once_and_each_once(write: Write) -> None:
    """With all the targets that it is a loss on; a function of its own file at its own line, whoever uses it."""
    text = project("openai", "{assistant.top_p: drop}") + "  dev: {provider: openai, base_url: 'http://127.0.0.1:2'}\n"
    body = "temperature: 0.3\ntop_p: 0.2\ntools:\n  - type: code_interpreter\n  - {type: function, function: ask}\n"
    files = {
        "asstctl.yaml": text,
        "assistants/a.yaml": A + body + "tool_resources: {code_interpreter: {file_ids: [f]}}\n",
        "assistants/b.yaml": A.replace("key: a", "key: b") + "tools: [{type: function, function: ask}]\n",
        "assistants/ask.yaml": ASK + f"parameters: {SCHEMA}\n",
    }
    found = load_all(write, files).diagnostics

    both = "targets `there`, `dev` speak it"
    assert [(str(one.where), one.summary.split(", and ")[1]) for one in found] == [
        ("assistants/a.yaml:4:1", both),
        ("assistants/a.yaml:5:1", "target `dev` speaks it"),
        ("assistants/a.yaml:7:11", both),
        ("assistants/a.yaml:9:18", both),
        ("assistants/ask.yaml:3:1", both),
    ]
    assert {one.code for one in found} == {"unsupported"}
    assert "`assistant.temperature: drop` in `on_unsupported` of targets.there, targets.dev" in found[0].hint
    assert "`on_unsupported: {assistant.top_p: drop}` under targets.dev" in found[1].hint
    assert "targets: {dev: {top_p: null}}" in found[1].hint
    assert "`on_unsupported: {function.strict" not in found[4].hint


def test_a_default_of_the_project_is_refused_where_it_is_written(write: Write) -> None:
    text = project("openai") + "defaults: {assistant: {temperature: 0.3}}\n"

    assert str(refusal(write, "", text).where) == "asstctl.yaml:8:24"


def test_an_entry_that_says_error_is_to_be_changed(write: Write) -> None:
    found = refusal(write, "temperature: 0.3\n", project("openai", "{assistant.temperature: error}"))

    assert "`assistant.temperature: drop` in `on_unsupported` of targets.there" in found.hint


def test_a_target_that_no_file_names_is_spoken_of_where_it_is_meant(write: Write) -> None:
    """There is always a target `local`, and nobody has to write for it what only another wire has."""
    files = {"asstctl.yaml": project("openai"), "assistants/a.yaml": A + "tools: [{type: web_search}]\n"}

    assert load_all(write, files).diagnostics == ()
    assert places(load_all(write, files, "local").diagnostics) == [("unsupported", "assistants/a.yaml:4:16")]


@pytest.mark.parametrize(
    ("entries", "code", "place", "summary", "hint"),
    [
        ("{assistant.temprature: drop}", "unknown-key", "8:22", "the Agents API lacks", "`assistant.temperature`"),
        ("{assistant.temperature: drop, xxxxx: drop}", "unknown-key", "8:51", "`xxxxx`", "choose from: assistant."),
        ("{temperature: drop}", "unknown-key", "8:22", "`temperature` is nothing", "`assistant.temperature`"),
        ("{assistant.temperature: session}", "bad-value", "8:45", "cannot be `session`", "`drop`, `error`"),
        ("{assistant.top_p: {function: f}}", "bad-value", "8:39", "`{function: NAME}`", "`drop`, `error`"),
        (
            "{assistant.tools.file_search: session}",
            "bad-value",
            "8:51",
            "cannot be `session`",
            "choose from: `{function: NAME}`, `drop`, `error`",
        ),
    ],
)
def test_entries_that_mean_no_loss_are_refused(
    write: Write, entries: str, code: str, place: str, summary: str, hint: str
) -> None:
    found = refusal(write, "", project("openai", entries))

    assert (found.code, str(found.where)) == (code, f"asstctl.yaml:{place}")
    assert summary in found.summary
    assert hint in found.hint


def test_a_way_that_does_not_go_is_said_once(write: Write) -> None:
    """At the entry, and not at what it was written for as well."""
    assert refusal(write, "top_p: 0.3\n", project("openai", "{assistant.top_p: session}")).code == "bad-value"


def test_what_the_wire_takes_needs_no_entry(write: Write) -> None:
    """The full wire has a temperature, so that nothing of it could be lost there."""
    found = refusal(write, "temperature: 0.3\n", project("assistants", "{assistant.temperature: drop}"))

    assert (found.code, found.summary) == (
        "unknown-key",
        "`assistant.temperature` is nothing that the Assistants API lacks",
    )


STORE = "kind: vector_store\nkey: handbook\n"
SEARCHING = "tools: [{type: file_search}]\ntool_resources: {file_search: {vector_stores: [handbook]}}\n"


def test_a_function_stands_for_file_search(write: Write) -> None:
    """With one query; the stores become those that it searches, and are made before the agent."""
    body = "tools: [{type: file_search}, {type: web_search}]\n" + SEARCHING.partition("\n")[2]
    text = project("openai", "{assistant.tools.file_search: {function: find}}")
    desired = one(write, body, text, **{"assistants/handbook.yaml": STORE})

    (address,) = desired.depends_on
    first, second = desired.fields["tools"]  # type: ignore[misc]
    assert (first["type"], first["function"]["name"], second) == ("function", "find", {"type": "web_search"})
    assert first["function"]["parameters"]["required"] == ["query"]
    assert desired.searched == (reference(address),)
    assert "tool_resources.file_search" not in desired.fields
    assert [(loss.field, loss.way, loss.function) for loss in desired.losses] == [
        ("assistant.tools.file_search", Way.FUNCTION, "find")
    ]


@pytest.mark.parametrize("way", ["drop", "{function: find}"])
def test_stores_without_their_tool_are_a_loss_of_their_own(write: Write, way: str) -> None:
    body = "tool_resources: {file_search: {vector_store_ids: [vs_1]}}\n"
    found = refusal(write, body, project("openai"))
    desired = one(write, body, project("openai", f"{{assistant.tools.file_search: {way}}}"))

    assert str(found.where) == "assistants/a.yaml:4:18"
    assert (desired.searched, [loss.way for loss in desired.losses]) == ((), [Way.DROP])


@pytest.mark.parametrize(
    ("tools", "place"),
    [
        ("[{type: file_search}, {type: function, function: {name: find}}]", "assistants/a.yaml:4:64"),
        ("[{type: function, function: ask}, {type: file_search}]", "assistants/ask.yaml:3:7"),
    ],
)
def test_a_function_that_stands_for_a_tool_has_a_name_of_its_own(write: Write, tools: str, place: str) -> None:
    files = {
        "asstctl.yaml": project("openai", "{assistant.tools.file_search: {function: find}}"),
        "assistants/a.yaml": A + f"tools: {tools}\n",
        "assistants/ask.yaml": "kind: function\nkey: ask\nname: find\n",
    }
    (found,) = [one for one in load_all(write, files).diagnostics if one.code != "unused-function"]

    assert (found.code, str(found.where)) == ("duplicate-tool", place)
    assert "targets.there" in found.hint


def test_files_go_with_a_code_interpreter_that_is_dropped(write: Write) -> None:
    """And not with one that conversations get: they would have to bring the files, which nobody does."""
    body = "tools: [{type: code_interpreter}]\ntool_resources: {code_interpreter: {file_ids: [f]}}\n"
    dropped = one(write, body, project("openai", "{assistant.tools.code_interpreter: drop}"))
    found = refusal(write, body, project("openai", "{assistant.tools.code_interpreter: session}"))

    assert [loss.field for loss in dropped.losses] == ["assistant.tools.code_interpreter"]
    assert dropped.fields == {"model": "m", "tools": []}
    assert str(found.where) == "assistants/a.yaml:5:18"
    assert "assistant.tool_resources.code_interpreter: drop" in found.hint


def test_own_all_owns_what_the_wire_has(write: Write) -> None:
    """Extensions too, and not what the server fills in by itself, unless it is declared."""
    text = project("openai", "{assistant.response_format.json_object: drop}", "    own: all\n")
    desired = one(
        write, "response_format: {type: json_object}\nignore_changes: [tools, top_p, extensions.text]\n", text
    )

    extensions = ("tools", "service_tier", "multi_agent", "compaction", "experimental", "reasoning")
    owned = ("name", "instructions", "metadata", "response_format", *(f"extensions.{one}" for one in extensions))
    assert desired.fields == {"model": "m", **dict.fromkeys(owned)}
    assert desired.ignored == {"tools", "extensions.text"}


def test_a_credential_is_named_and_the_target_says_which_it_is(write: Write) -> None:
    body = f"tools: [{{type: mcp, {SERVER}, credential: crm}}]\n"
    desired = one(write, body, project("openai", more="    credentials: {crm: vcred_1, other: vcred_2}\n"))

    (tool,) = desired.fields["tools"]  # type: ignore[misc]
    assert (tool["credential_id"], "credential" in tool) == ("vcred_1", False)


@pytest.mark.parametrize(
    ("credentials", "hint"),
    [
        ("", "add `credentials: {crm: ID}` under targets.there"),
        ("    credentials: {crn: vcred_1}\n", "did you mean `crn`?"),
        ("    credentials: {mail: vcred_1}\n", "add `crm: ID` to `credentials` of targets.there"),
    ],
)
def test_a_credential_that_the_target_does_not_know(write: Write, credentials: str, hint: str) -> None:
    found = refusal(
        write,
        f"tools:\n- type: mcp\n  {SERVER.replace(', ', chr(10) + '  ')}\n  credential: crm\n",
        project("openai", more=credentials),
    )

    assert (found.code, str(found.where)) == ("unknown-credential", "assistants/a.yaml:8:15")
    assert hint in found.hint


def test_a_tool_that_is_left_out_needs_no_credential(write: Write) -> None:
    body = f"tools: [{{type: mcp, {SERVER}, credential: crm}}]\n"

    assert one(write, body, project("local", "{assistant.tools.mcp: drop}")).fields["tools"] == []


def test_losses_are_counted_for_every_target(write: Write) -> None:
    text = project("openai", "{assistant.top_p: drop, assistant.temperature: drop}") + "  local: {provider: local}\n"
    found = load_all(write, {"asstctl.yaml": text, "assistants/a.yaml": A + "top_p: 0.3\n"}, "local")

    assert {name: [loss.field for loss in losses] for name, losses in found.losses.items()} == {
        "there": ["assistant.top_p"],
        "local": [],
    }
    assert found.desired[0].fields["top_p"] == 0.3
