"""Rules files: what matches, what is said, and what is wrong with a file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from asstctl.emulator import RepliesFileError
from asstctl.emulator.replies.script import MAX_SUBJECT, Script
from asstctl.emulator.replies.values import CallMade, ReplyFailed, ReplyRequest, Round, Said, TextDelta, ToolCall
from tests.emulator.harness import ASK, serving
from tests.emulator.scripts import pieces, replies, write


def _asked(*users: str, name: str | None = "瓜瓜") -> ReplyRequest:
    said = tuple(Said("user", text) for text in users)
    return ReplyRequest("asst_a", name, "m", None, said, turn=len(said), tools=(ASK,))


def _after(output: str, function: str = "ask_database") -> ReplyRequest:
    return replace(_asked("周三有什么课?"), rounds=(Round("", (CallMade("call_a", function, "{}", output),)),))


@pytest.mark.parametrize(
    ("rule", "request_", "matches"),
    [
        ("user: 周三", _asked("周三有什么课?"), True),
        ("user: ^课", _asked("周三有什么课?"), False),
        ('user: "(?i)HELLO"', _asked("oh hello"), True),
        ("user: hello", _asked("hello", "bye"), False),
        ("words: [WHO, you]", _asked("Who are YOU?"), True),
        ("words: [who, you]", _asked("who is your teacher"), False),
        ("words: [ＳＱＬ, 课]", _asked("用sql查课表"), True),
        ("words: [cat]", _asked("concatenate a cat"), True),
        ("assistant: 瓜瓜", _asked("hi"), True),
        ("assistant: other", _asked("hi"), False),
        ("assistant: other", _asked("hi", name=None), False),
        ("turn: 2", _asked("a", "b"), True),
        ("turn: 2", _asked("a"), False),
        ("tool: ask_database", _after("1"), True),
        ("tool: ask_database", _asked("hi"), False),
        ("tool: other", _after("1"), False),
        ("{tool: ask_database, output: '^\\d$'}", _after("1"), True),
        ("{tool: ask_database, output: x}", _after("1"), False),
        ("{tool: ask_database, user: 周三}", _after("1"), True),
        ("{tool: ask_database, user: 周四}", _after("1"), False),
        ("user: 周三", _after("1"), False),
        ("user: end", _asked("x" * MAX_SUBJECT + "end"), False),
    ],
)
def test_a_rule_matches_when_all_its_conditions_do(
    tmp_path: Path, rule: str, request_: ReplyRequest, matches: bool
) -> None:
    rule = rule.strip("{}").replace(", output", "\n    output").replace(", user", "\n    user")
    text = (
        f"rules:\n  - {rule}\n    say: yes it does\n  - say: fallback\n  - tool: {'ask_database'}\n    say: fallback\n"
    )
    (part,) = replies(tmp_path, text, request_)
    assert part == TextDelta("yes it does" if matches else "fallback")


@pytest.mark.parametrize(
    ("say", "request_", "text"),
    [
        ("{{ user }}!", _asked("hi"), "hi!"),
        ("I am {{assistant}}.", _asked("hi"), "I am 瓜瓜."),
        ("{{ output }}", _after('{"a": 1}'), '{"a": 1}'),
        ("{{ output.rows.0.course_name }}", _after('{"rows": [{"course_name": "RAG"}]}'), "RAG"),
        (
            "{{ output.rows.*.course_name }}",
            _after('{"rows": [{"course_name": "RAG"}, {"course_name": "Agents"}]}'),
            "RAG, Agents",
        ),
        ("{{ output.*.0 }}", _after("[[1], [2.5]]"), "1, 2.5"),
        ("{{ output.ok }} {{ output.none }}", _after('{"ok": true, "none": null}'), "true null"),
        ("{{ outputs.ask_database.n }}", _after('{"n": {"a": [1]}}'), '{"a": [1]}'),
        ("{% raw %} {x}", _asked("hi"), "{% raw %} {x}"),
    ],
)
def test_placeholders_are_filled(tmp_path: Path, say: str, request_: ReplyRequest, text: str) -> None:
    rule = f"rules:\n  - say: {say!r}\n"
    if request_.outputs:
        rule += "    tool: ask_database\n"
    assert replies(tmp_path, rule, request_) == [TextDelta(text)]


def test_a_text_is_said_word_by_word(tmp_path: Path) -> None:
    said = pieces(tmp_path, "rules:\n  - say: One moment please\n", _asked("hi"))
    assert said == [TextDelta("One "), TextDelta("moment "), TextDelta("please")]


def test_text_from_outside_is_never_a_template(tmp_path: Path) -> None:
    rules = "rules:\n  - say: '{{ user }}'\n"
    assert replies(tmp_path, rules, _asked("{{ assistant }}")) == [TextDelta("{{ assistant }}")]


def test_groups_and_types_reach_the_arguments_of_calls(tmp_path: Path) -> None:
    rules = """
rules:
  - user: "(?P<day>周.)有(.*)"
    say: One moment.
    call:
      - ask_database: {query: "SELECT '{{ match.day }}', '{{ match.2 }}'", limit: 5, when: 2026-01-02}
      - ask_database: {query: "{{ match.0 }}"}
  - tool: ask_database
    call: {ask_database: {ids: "{{ output.*.id }}", first: "{{ output.0.id }}", nested: [{x: "{{ output.0 }}"}]}}
"""
    assert replies(tmp_path, rules, _asked("周三有什么课")) == [
        TextDelta("One moment."),
        ToolCall("ask_database", '{"query": "SELECT \'周三\', \'什么课\'", "limit": 5, "when": "2026-01-02"}'),
        ToolCall("ask_database", '{"query": "周三有什么课"}'),
    ]
    assert replies(tmp_path, rules, _after('[{"id": 7}, {"id": 8}]')) == [
        ToolCall("ask_database", '{"ids": [7, 8], "first": 7, "nested": [{"x": {"id": 7}}]}')
    ]


@pytest.mark.parametrize(
    ("say", "output", "text"),
    [
        ("{{ output.rows.0 }}", '{"rows": []}', "demo.replies.yaml:2: {{ output.rows.0 }} finds no '0' in an empty"),
        ("{{ output.rows }}", "plain", "goes into a text that is not JSON: plain"),
        ("{{ output.rows }}", "[" * 100_000, "goes into a text that is not JSON: [["),
        ("{{ output.* }}", '{"a": 1}', "expects a list at '*'"),
        ("{{ outputs.other }}", "1", "finds no 'other'"),
    ],
)
def test_a_placeholder_that_finds_nothing_fails_the_run(tmp_path: Path, say: str, output: str, text: str) -> None:
    with pytest.raises(ReplyFailed) as caught:
        replies(tmp_path, f"rules:\n  - tool: ask_database\n    say: '{say}'\n", _after(output))
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "request_", [_asked("周三 (三) 有什么课? it's\n1+1"), _asked("hi", name=None), _asked(""), _after("1")]
)
def test_an_unanswered_message_fails_with_a_rule_that_answers_it(tmp_path: Path, request_: ReplyRequest) -> None:
    with pytest.raises(ReplyFailed) as caught:
        replies(tmp_path, "rules:\n  - {user: never, say: no}\n", request_)
    message, _, rule = str(caught.value).partition("A rule that would:\n")
    assert message.startswith("No rule in demo.replies.yaml answers ")
    assert caught.value.code == "invalid_prompt"
    (part,) = replies(tmp_path, f"rules:\n{rule}\n", request_)
    assert part == TextDelta("1" if request_.outputs else "...")


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["1:1 missing-key the file is empty (write `rules:` "]),
        ("[]", ["1:1 wrong-type a replies file must be a map (choose from: rules)"]),
        ("rules: {}", ["1:8 wrong-type `rules` must be a list"]),
        (
            "ruels: []",
            [
                "1:1 unknown-key `ruels` is not a field of a replies file (did you mean `rules`?)",
                "1:1 missing-key `rules` is missing",
            ],
        ),
        ("rules:\n  - just text", ["2:5 wrong-type a rule must be a map (choose from: assistant, turn, "]),
        ("rules:\n  - user: a", ["2:5 missing-key the rule has no answer (write `say`, `call`, `code` or `search`)"]),
        ("rules:\n  - say: a\n    sya: b", ["3:5 unknown-key `sya` is not a field of a rule (did you mean `say`?)"]),
        ("rules:\n  - say: {a: b}", ["2:10 wrong-type `say` must be a text"]),
        ("rules:\n  - say:", ["2:9 wrong-type `say` must be a text"]),
        ("rules:\n  - say: a\n    turn: 0", ["3:11 wrong-type `turn` must be a whole number from 1"]),
        ("rules:\n  - say: a\n    turn: yes", ["3:11 wrong-type `turn` must be a whole number from 1"]),
        ("rules:\n  - say: a\n    user: '('", ["3:11 bad-regex `user` is not a regular expression: missing )"]),
        (f"rules:\n  - say: a\n    user: {'x' * 1001}", ["3:11 bad-regex `user` is longer than 1,000 characters"]),
        ("rules:\n  - say: a\n    words: hello", ["3:12 wrong-type `words` must be a list of words"]),
        ("rules:\n  - say: a\n    words: [[a]]", ["3:13 wrong-type `words` must be a list of words"]),
        ("rules:\n  - say: a\n    output: b", ["3:13 missing-key `output` needs `tool` (write `tool`, "]),
        ("rules:\n  - call: f", ["2:11 wrong-type `call` must be a map of a function to its arguments"]),
        ("rules:\n  - call: {f: [1]}", ["2:15 wrong-type the arguments of `f` must be a map"]),
        ("rules:\n  - say: '{{ usr }}'", ["2:10 bad-template `{{ usr }}`: there is no `usr` (did you mean `user`?)"]),
        ("rules:\n  - say: '{{ 1 + 1 }}'", ["2:10 bad-template `{{ 1 + 1 }}` is not a name and a path"]),
        ("rules:\n  - say: '{{ user.__class__() }}'", ["2:10 bad-template `{{ user.__class__() }}` is not a name"]),
        ("rules:\n  - say: '{{ output }}'", ["2:10 bad-template `{{ output }}` needs `tool`"]),
        ("rules:\n  - say: '{{ match.1 }}'", ["2:10 bad-template `{{ match.1 }}` needs `user` or `output`"]),
        (
            "rules:\n  - user: '(?P<day>a)b'\n    say: '{{ match.2 }}{{ match.day }}'",
            ["3:10 bad-template `{{ match.2 }}`: the expression has no group `2` (groups: 0, 1, day)"],
        ),
        (
            "rules:\n  - call: {f: {a: ['{{ x }}']}}",
            ["2:20 bad-template `{{ x }}`: there is no `x` (choose from: user, "],
        ),
        ("rules:\n  - user: a\n  - sya: b\n    say: c", ["2:5 missing-key the rule has", "3:5 unknown-key `sya`"]),
    ],
)
def test_every_fault_of_a_file_is_named_with_its_place(tmp_path: Path, text: str, problems: list[str]) -> None:
    assert_problems(write(tmp_path, text), problems)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            'rules:\n  - user: "\\d+"',
            ["2:13 yaml-syntax the file is not valid YAML: found unknown escape character 'd' (use single quotes, "],
        ),
        ("rules:\n  - say: [", ["2:11 yaml-syntax the file is not valid YAML: expected the node content"]),
        ('{"x": }', ["1:2 yaml-syntax the file is not valid YAML: nothing stands after `x:`"]),
        ('rules: [{call: {f: {"x": }}}]', ["1:21 yaml-syntax the file is not valid YAML: nothing stands after `x:`"]),
        ("rules: \x01", ["1:8 bad-character the file holds the control character U+0001 (remove it)"]),
        ("rules: []\n---\na: b", ["2:1 extra-document this file must hold one document"]),
        (
            "rules:\n  - say: a\n    say: b",
            ["3:5 duplicate-key `say` is given twice (it was first given in line 2; remove one of them)"],
        ),
        ("rules: [{call: {f: {a: 1, a: 2}}}]", ["1:27 duplicate-key `a` is given twice"]),
        ("rules: [{call: {f: {1: 2}}}]", ['1:21 bad-key a key is not text (quote it: "1")']),
        ("rules: [{say: {{ user }}}]", ["1:16 bad-key a key is not text (a template must be quoted: "]),
        ("rules: [{<<: {say: b}}]", ["1:10 merge-key merge keys (`<<`) are not supported"]),
        ("rules: [{call: {f: {a: .nan}}}]", ["1:24 bad-scalar `.nan` is not a value that JSON can hold"]),
        (
            "rules:\n  - say: !!python/name:os.system ''",
            ["2:10 custom-tag the tag `!!python/name:os.system` is not supported"],
        ),
    ],
)
def test_what_is_no_plain_yaml_is_refused(tmp_path: Path, text: str, problems: list[str]) -> None:
    assert_problems(write(tmp_path, text), problems)


def assert_problems(file: Path, expected: list[str]) -> None:
    with pytest.raises(RepliesFileError) as caught:
        Script.load(file)
    lines = file.read_text().split("\n")
    assert len(caught.value.problems) == len(expected)
    for problem, words in zip(caught.value.problems, expected, strict=True):
        said = f"{problem.line}:{problem.column} {problem.code} {problem.summary} ({problem.hint})"
        assert said.startswith(words), said
        assert problem.hint
        assert (problem.file, problem.source) == (file, lines[problem.line - 1])


def test_scalars_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    """As in every other file: neither `yes` nor a time of day is something else than it looks like."""
    arguments = "{a: yes, b: 017, c: 1:30, d: 2026-01-02, e: 1_000, f: off, g: 0o17, h: 1e3, i: TRUE, j: ~, k: '1'}"
    (call,) = replies(tmp_path, f"rules: [{{call: {{ask_database: {arguments}}}}}]", _asked("hi"))
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {
        "a": "yes",
        "b": 17,
        "c": "1:30",
        "d": "2026-01-02",
        "e": "1_000",
        "f": "off",
        "g": 15,
        "h": 1000.0,
        "i": True,
        "j": None,
        "k": "1",
    }


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RepliesFileError, match=r"gone\.replies\.yaml` does not exist") as caught:
        Script.load(tmp_path / "gone.replies.yaml")
    assert [(problem.code, problem.line) for problem in caught.value.problems] == [("missing-file", 0)]


@pytest.mark.anyio
async def test_a_scripted_conversation_goes_through_a_tool(tmp_path: Path) -> None:
    rules = """
rules:
  - user: 周三
    call: {ask_database: {query: SELECT course_name FROM Courses}}
  - tool: ask_database
    say: "{{ assistant }}: {{ output.rows.*.course_name }}"
  - user: 周四
    call: {drop_database: {}}
"""
    async with serving(replies={"script": str(write(tmp_path, rules))}) as api:
        assistant, thread = await api.assistant(name="瓜瓜", tools=[ASK]), await api.thread("周三有什么课?")
        run = await api.run(thread["id"], assistant["id"])
        (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        assert call["function"]["arguments"] == '{"query": "SELECT course_name FROM Courses"}'
        run = await api.answer(run, '{"rows": [{"course_name": "RAG"}]}')
        assert (run["status"], await api.reply(run)) == ("completed", "瓜瓜: RAG")

        await api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": "周四呢?"})
        run = await api.run(thread["id"], assistant["id"])
        assert run["last_error"] == {
            "code": "invalid_prompt",
            "message": "The reply calls the function 'drop_database', which this run does not declare "
            "(declared: ask_database).",
        }

        await api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": "你是谁?"})
        run = await api.run(thread["id"], assistant["id"])
        assert "user: '你是谁\\?'" in run["last_error"]["message"]


def test_a_group_that_took_no_part_is_empty(tmp_path: Path) -> None:
    rules = "rules:\n  - {user: '(a)(b)?', say: '{{ match.1 }}-{{ match.2 }}'}\n"
    assert replies(tmp_path, rules, _asked("a")) == [TextDelta("a-")]


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(a*)*b", r"\(?" * 40 + r"\(" * 40 + "b"])
def test_a_regex_that_backtracks_without_end_fails_the_run(tmp_path: Path, pattern: str) -> None:
    """Every other run of the server would wait for it."""
    text = "(" * 60 if "\\" in pattern else "a" * 40 + "!"
    with pytest.raises(ReplyFailed, match="took longer than 1 s"):
        replies(tmp_path, f"rules: [{{user: '{pattern}', say: ok}}]", _asked(text))


def test_a_regex_with_repeats_finds_its_groups(tmp_path: Path) -> None:
    rules = "rules: [{user: '(?P<day>周.+?)有(x)?', say: '{{ match.day }}|{{ match.1 }}|{{ match.2 }}'}]"

    assert replies(tmp_path, rules, _asked("周三有什么课?")) == [TextDelta("周三|周三|")]


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ("rules: " + "[" * 100_000, "too-deep"),
        ("rules: " + "[" * 60 + "]" * 60, "too-deep"),
        ("rules: &a [*a]", "too-deep"),
        (
            "a: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)),
            "alias-bomb",
        ),
    ],
    ids=["open", "deep", "circle", "bomb"],
)
def test_a_rules_file_that_grows_without_end_is_refused(tmp_path: Path, rules: str, code: str) -> None:
    with pytest.raises(RepliesFileError) as caught:
        Script.load(str(write(tmp_path, rules)))
    assert [problem.code for problem in caught.value.problems] == [code]
