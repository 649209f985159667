"""Templates: what they can do, what they cannot, and that nothing in them goes on for ever."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

import pytest

from asstctl.documents.regex import RegexTimeout, check_regex, search
from asstctl.documents.rendering import is_bounded
from asstctl.documents.templates import (
    Includes,
    TemplateFault,
    check,
    files_included,
    fill,
    names_used,
    render,
    render_value,
    roots_used,
)
from asstctl.documents.worker import AT_ONCE, WORKERS, Pool

VARS = {"tone": "kind", "n": 3, "t": 0.2, "yes": True, "days": ["Mon", "Tue"], "items": "mine"}


@pytest.mark.parametrize(
    "text, result",
    [
        ("no braces", "no braces"),
        ("{# no comment #}", "{# no comment #}"),
        ("{{ vars.tone }}\n", "kind\n"),
        ("{{ vars['tone'] | upper }}", "KIND"),
        ("{{ vars.n }} {{ vars.t }} {{ vars.yes }}", "3 0.2 true"),
        ("{{ vars.n * 2 + 1 }}", "7"),
        ("{{ vars.none | default('x') }}", "x"),
        ("{{ vars.items }}", "mine"),
        ("{% if vars.x is defined %}1{% else %}0{% endif %}", "0"),
        ("{% for day in vars.days %}{{ day }};{% endfor %}", "Mon;Tue;"),
        ("{{ vars.days | join(', ') }}", "Mon, Tue"),
        ("{{ vars.days | tojson }}", '["Mon", "Tue"]'),
        ("{{ '{{' }}", "{{"),
    ],
)
def test_templates_give_text(text: str, result: str) -> None:
    assert render(text, VARS) == result


@pytest.mark.parametrize(
    "text, result",
    [
        ("{{ vars.n }}", 3),
        ("{{ vars.t }}", 0.2),
        ("{{ vars.t * 2 }}", 0.4),
        ("{{ vars.yes }}", True),
        ("{{ vars.tone }}", "kind"),
        ("{{ vars.n }}{{ vars.n }}", "33"),
        ("{{ vars.n }} ", "3 "),
        ("0.5", "0.5"),
    ],
)
def test_one_expression_keeps_its_type(text: str, result: object) -> None:
    value = render_value(text, VARS)

    assert (type(value), value) == (type(result), result)


@pytest.mark.parametrize(
    "text, code",
    [
        ("{{ vars.ton }}", "undefined-variable"),
        ("{{ tone }}", "undefined-variable"),
        ("{{ range(3) }}", "undefined-variable"),
        ("{{ vars.n", "template-syntax"),
        ("{{ 'x' | center(9) }}", "template-syntax"),
        ("{{ 'x' | attr('y') }}", "template-syntax"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "template-limit"),
        ("{{ ().__class__ }}", "template-refused"),
        ("{{ ''.__class__.__mro__ }}", "template-refused"),
        ("{{ '{0.__class__}'.format(1) }}", "template-refused"),
        ("{{ vars.days.append(1) }}", "template-refused"),
        ("{{ '%999999999d' % 1 }}", "template-refused"),
        ("{{ 'a' * 10**9 }}", "template-limit"),
        ("{{ [1] * 10**9 }}", "template-limit"),
        ("{{ 9**9**9 }}", "template-limit"),
        ("{{ " + "9" * 5000 + " }}", "template-failed"),
        ("{% for i in 'aaaaaaaa' %}{{ 'b' * 1000000 }}{% endfor %}", "template-limit"),
        ("{{ 1 / 0 }}", "template-failed"),
        ("{{ vars.tone.upper }}", "template-failed"),
        ("{% include '/x.md' %}", "template-failed"),
    ],
)
def test_what_a_template_must_not_do_is_a_fault(text: str, code: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        render(text, VARS)

    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in 'x'*1000 %}{% for b in 'x'*1000 %}{% for c in 'x'*9999 %}{% endfor %}{% endfor %}{% endfor %}",
        "{% set x = 'a'*1000000 %}" + "{% set x = x ~ x %}" * 40 + "{{ x | length }}",
        "{{ 'a'.ljust(10**10) }}",
        "{{ 1.5 | round(999999999, 'ceil') }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    ],
)
def test_a_template_that_would_go_on_is_ended(text: str) -> None:
    """By time or by memory; and the next one is rendered as if nothing had been."""
    before = time.monotonic()
    with pytest.raises(TemplateFault) as caught:
        render(text, VARS)

    assert caught.value.code in {"template-timeout", "template-limit"}
    assert time.monotonic() - before < 5
    assert render("{% for day in vars.days %}{{ day }}{% endfor %}", VARS) == "MonTue"


@pytest.mark.parametrize(
    "text, bounded",
    [
        ("{{ vars.a }} and {{ vars.b | default('x') }}", True),
        ("{% if vars.a == 1 %}x{% endif %}", True),
        ("{{ vars.a ~ vars.a }}", False),
        ("{{ vars.a * 2 }}", False),
        ("{% for a in vars.b %}{% endfor %}", False),
        ("{{ vars.a.upper() }}", False),
        ("{% include '/x' %}", False),
        ("{% set x = 1 %}", False),
        ("{{ vars.a | replace('a', 'b') }}", False),
    ],
)
def test_only_what_cannot_grow_runs_in_this_process(text: str, bounded: bool) -> None:
    assert is_bounded(text) == bounded


def test_includes_are_found_from_the_file_and_from_the_project(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/tone.md").write_text("Be {{ vars.tone }}.\n")
    includes = Includes(tmp_path, tmp_path / "shared")

    assert render("{% include '/shared/tone.md' %}{% include 'tone.md' %}", VARS, includes) == "Be kind.\n" * 2


@pytest.mark.parametrize("folder", ["texts", "a/b"])
@pytest.mark.parametrize("written", ["parts/tone.md", "/{}/parts/tone.md", "parts/../parts/tone.md"])
def test_an_include_in_an_include_is_relative_to_the_file_that_writes_it(
    tmp_path: Path, folder: str, written: str
) -> None:
    parts = tmp_path / folder / "parts"
    (parts / "deep").mkdir(parents=True)
    (parts / "tone.md").write_text("tone, {% include 'deep/more.md' %}{% include '../beside.md' %}")
    (parts / "deep/more.md").write_text("more, {% include '../last.md' %}")
    (parts / "last.md").write_text("last, ")
    (tmp_path / folder / "beside.md").write_text("beside")
    text = f"{{% include '{written.format(folder)}' %}}"
    includes = Includes(tmp_path, tmp_path / folder)

    assert render(text, VARS, includes) == "tone, more, last, beside"
    inner = ("parts/tone.md", "beside.md", "parts/deep/more.md", "parts/last.md")
    assert {*files_included(text, includes)} == {f"{folder}/{name}" for name in inner}


@pytest.mark.parametrize(
    "name, code",
    [
        ("../outside.md", "outside-project"),
        ("/../outside.md", "outside-project"),
        ("/link.md", "outside-project"),
        ("/.hidden.md", "forbidden-path"),
        ("/.env", "forbidden-path"),
        ("/.git/config", "forbidden-path"),
        ("/absent.md", "missing-file"),
        ("/itself.md", "template-limit"),
    ],
)
def test_includes_stay_inside_the_project(tmp_path: Path, name: str, code: str) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "outside.md").write_text("secret")
    (root / "link.md").symlink_to(tmp_path / "outside.md")
    (root / ".hidden.md").write_text("x")
    (root / "itself.md").write_text("{% include '/itself.md' %}")
    with pytest.raises(TemplateFault) as caught:
        render(f"{{% include '{name}' %}}", {}, Includes(root, root))

    assert caught.value.code == code


def test_a_fault_in_an_include_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("one\n{{ vars.ton }}\n")
    with pytest.raises(TemplateFault) as caught:
        render("{% include '/a.md' %}", VARS, Includes(tmp_path, tmp_path))

    assert (caught.value.file, caught.value.line, caught.value.hint) == ("a.md", 2, "did you mean `tone`?")


def test_names_are_known_without_rendering() -> None:
    assert names_used("{{ vars.a }}{% if x %}{{ vars['b'] }}{% endif %}{{ vars[c] }}") == {"a", "b"}
    assert names_used("vars.a") == frozenset()
    assert names_used("{{ vars.a") == frozenset()


def test_jinja2_is_not_imported_for_a_text_without_braces() -> None:
    code = (
        "import sys; from asstctl.documents.templates import render; render('x', {}); "
        "sys.exit('jinja2' in sys.modules or 'jsonschema_rs' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_regex_is_checked_and_searched() -> None:
    assert check_regex("(") is not None
    assert check_regex("周[三四]") is None
    assert search("星期[三四]", "今天是星期三")
    assert search(r"(?i)as an? AI\b", "As an AI")
    assert not search("a{3}", "aa")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)" * 40 + "$"])
def test_a_regex_that_backtracks_is_ended(pattern: str) -> None:
    with pytest.raises(RegexTimeout):
        search(pattern, "a" * 60 + "b")

    assert search("a+b", "aab")


def test_a_slow_pattern_does_not_hold_up_the_others() -> None:
    """There are several children: a quick search is done long before a slow one is ended."""
    done: list[str] = []

    def slow() -> None:
        with pytest.raises(RegexTimeout):
            search("(a+)+$", "a" * 60 + "b")
        done.append("slow")

    search("a+", "a")
    thread = Thread(target=slow)
    thread.start()
    while len(WORKERS._free) == len(WORKERS._all) > 0:  # until it has begun
        time.sleep(0.001)
    assert search("a+b", "aab")
    done.append("quick")
    thread.join()

    assert done == ["quick", "slow"]


def test_children_are_few_and_all_of_them_end() -> None:
    """However many ask at once; after closing nothing is left to be reaped."""
    pool = Pool()
    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(lambda i: pool.call("search", {"pattern": f"a{i}+", "text": "a3"}), range(12)))
    processes = [child._process for child in pool._all]

    pool.close()

    assert found.count(True) == 1
    assert 1 <= len(processes) <= AT_ONCE
    assert all(process is not None and process.returncode is not None for process in processes)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are POSIX")
def test_an_interrupt_is_not_for_the_children() -> None:
    """Ctrl-C goes to a whole process group: a child that died of it would be a zombie, and its work lost."""
    pool = Pool()
    assert pool.call("search", {"pattern": "a+", "text": "a"})
    process = pool._all[0]._process
    assert process is not None

    assert os.getpgid(process.pid) != os.getpgrp()
    pool.close()
    assert process.returncode is not None


@pytest.mark.parametrize(
    "pattern, here",
    [
        ("(?i)as an ai", True),
        ("(?P<day>周.)有", True),
        (r"\\(?=x)", True),
        (r"\(?x", False),
        (r"a(?:b|c)", False),
        (r"(?i)a?", False),
        ("a{2}", False),
    ],
)
def test_only_a_pattern_with_one_way_to_match_is_searched_here(
    pattern: str, here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flags and groups are no repeats, though they begin with the same sign."""
    asked: list[str] = []
    monkeypatch.setattr(WORKERS, "call", lambda task, argument: asked.append(argument["pattern"]))

    search(pattern, "x")

    assert asked == ([] if here else [pattern])


def test_a_template_may_call_its_values_otherwise() -> None:
    """In this process and in a child; `vars` is nothing there."""
    assert render("{{ args.a }}", {"a": 1}, name="args") == "1"
    assert render("{% for x in args.a %}{{ x }}{% endfor %}", {"a": [1, 2]}, name="args") == "12"
    with pytest.raises(TemplateFault) as caught:
        render("{{ vars.a }}", {"a": 1}, name="args")
    assert (caught.value.name, caught.value.hint) == ("vars", "did you mean `args`?")


def test_a_template_with_plain_values_is_rendered_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WORKERS, "call", lambda *_: pytest.fail("a child was asked"))

    check("{{ args.a }}{% for x in args.b %}{% endfor %}")
    assert render("{{ args.a }}", {"a": 1}, name="args") == "1"


@pytest.mark.parametrize("text", ["{{ a", "{{ a | nothing }}", "{% if %}", "{{ a" + " " * 20_000])
def test_a_text_that_is_no_template_is_known_without_values(text: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        check(text)
    assert caught.value.code == "template-syntax"


def test_a_template_that_takes_long_to_read_is_ended_too() -> None:
    """Parsing is work as well: a long template is not even parsed in this process."""
    with pytest.raises(TemplateFault) as caught:
        render("{{1}}" * 200_000, {})

    assert caught.value.code == "template-timeout"


def test_the_names_of_a_long_template_are_known() -> None:
    assert names_used("{{ vars.token }}" + " " * 20_000) == {"token"}


def test_a_regex_too_long_to_compile_in_time_is_refused() -> None:
    assert check_regex("(a|b)" * 10_000) == "it is longer than 10,000 characters"


NAMES = {"vars": {"a": 1, "t": True, "none": None, "list": [1], "map": {"b": "x"}}, "matrix": {"lang": "de"}}


@pytest.mark.parametrize(
    "text, as_text, result",
    [
        ("plain }}", False, "plain }}"),
        ("{{ vars.a }}", False, 1),
        ("{{ vars.a }}", True, "1"),
        ("{{vars.a}}-{{ matrix.lang }}", False, "1-de"),
        ("{{ vars.t }}!{{ vars.none }}", False, "true!"),
        ("{{ vars.none }}", False, None),
        ("{{ vars.list }}", False, [1]),
        ("{{ vars.map }}", False, {"b": "x"}),
        ("{{ vars.map.b }}", False, "x"),
        ("{{ vars.a + 1 }}", False, 2),
        ("{{ vars.list + [2] }}", False, [1, 2]),
        ("{% for x in vars.list %}{{ x }}{{ matrix.lang }}{% endfor %}", False, "1de"),
        ("{{ vars.none | default('x') }}", False, None),
    ],
)
def test_several_names_may_be_known(text: str, as_text: bool, result: object) -> None:
    """A lone expression keeps the value that it has, lists and maps too."""
    assert fill(text, NAMES, as_text=as_text) == result


@pytest.mark.parametrize(
    "text, summary, hint, owner",
    [
        ("{{ foo }}", "`foo` is not defined", "choose from: vars, matrix", ""),
        ("{{ lang }}", "`lang` is not defined", "write `matrix.lang`", ""),
        ("{{ matrix.lng }}", "`matrix.lng` is not defined", "did you mean `lang`?", "matrix"),
        ("{{ vars.map.c }}", "`vars.map.c` is not defined", "choose from: b", "vars.map"),
        ("{{ 'x'.y }}", "`y` is not defined", "", "?"),
        (
            "{% for i in [1] %}{{ matrix.lng }}{% endfor %}",
            "`matrix.lng` is not defined",
            "did you mean `lang`?",
            "matrix",
        ),
    ],
)
def test_a_name_that_is_not_there_is_told_with_what_it_is_below(text: str, summary: str, hint: str, owner: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        fill(text, NAMES)
    assert (caught.value.summary, caught.value.hint, caught.value.owner) == (summary, hint, owner)


def test_the_first_names_of_a_template_are_known() -> None:
    assert roots_used("{{ vars.a }}{{ saved.b }}") == {"vars", "saved"}
    assert roots_used("{% for x in matrix.list %}{{ x ~ saved['y'] }}{% endfor %}") == {"matrix", "x", "saved"}
    assert roots_used("saved") == roots_used("{{ saved. }}") == frozenset()
    assert roots_used("{{ saved.a | trim }}" + " " * 20_000) == {"saved"}
    assert names_used("{{ saved.a }}{{ vars.b }}", "saved") == {"a"}


def test_jinja2_is_not_imported_for_a_text_that_only_names_values() -> None:
    """Most texts of conversations do nothing else."""
    code = "import sys; from asstctl.documents.templates import fill\n"
    code += "assert fill('a {{ vars.a }}', {'vars': {'a': 1}}) == 'a 1'; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def test_a_child_imports_nothing_of_the_folder_that_it_starts_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout may hold a `json.py`: the files of a project are not run by looking at them."""
    for name in ("json", "jinja2", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    pool = Pool()

    try:
        assert pool.call("search", {"pattern": "a+b", "text": "aab"}) is True
    finally:
        pool.close()
    assert not (tmp_path / "ran").exists()
