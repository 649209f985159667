"""The table of views: every entry is there, takes what the table says, and is loaded only when it is asked for."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import get_type_hints

import click
import pytest

import asstctl.core
from asstctl.cli import COMMANDS, cli
from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.outcome import Outcome, OutcomeStatus
from asstctl.core.plan import Plan, TargetInfo
from asstctl.render import TEXT, VIEWS, common_formats, formats, view
from asstctl.render.apply import outcome_text
from asstctl.render.plan import header_lines
from asstctl.render.pull import pulled_text
from asstctl.render.style import PLAIN, Look
from asstctl.render.text import written
from tests.render.pull_samples import PULLS
from tests.render.samples import FAR

ENTRIES = [(result, form) for result, forms in VIEWS.items() for form in forms]
RESULTS_OF = {
    "list": ("Inventory", "Ids"),
    "destroy": ("Applied",),
    "apply": ("Applied",),
    "promote": ("Applied",),
    "pull": ("Pulled",),
    "adopt": ("Applied", "Inventory", "Pulled"),
    "undo": ("Applied", "Runs"),
    "migrate": ("Migrated",),
    "explain": ("Explanation",),
    "doctor": ("Examination",),
    "ci validate": ("Validation",),
    "ci plan": ("Plan",),
    "ci test": ("SuiteResult",),
    "ci apply": ("Applied",),
    "ci drift": ("Plans",),
    "test": ("SuiteResult",),
    "test merge": ("SuiteResult",),
    "test gc": ("Swept",),
}
"""What commands show whose result is not of their own name."""

EITHER = ("adopt", "undo")
"""Commands that show one of several results, which is known only later."""


def core_types() -> Iterator[type]:
    for module in iter_modules(asstctl.core.__path__):
        yield from (v for v in vars(import_module(f"asstctl.core.{module.name}")).values() if isinstance(v, type))


@pytest.mark.parametrize("result, form", ENTRIES, ids=" ".join)
def test_an_entry_is_a_function_of_its_result(result: str, form: str) -> None:
    """It takes that value of `core`, and a look where it is text, and nothing else that has to be given."""
    (kind,) = {found for found in core_types() if found.__name__ == result}
    module, _, name = VIEWS[result][form].partition(":")
    hints = get_type_hints(getattr(import_module(f"asstctl.render.{module}"), name))

    assert list(hints.values()) == ([kind, Look, str] if form == TEXT else [kind, str])


@pytest.mark.parametrize("result", VIEWS)
def test_text_is_the_first_format(result: str) -> None:
    """And so the default of every command; reports are for pull requests, and no command prints one."""
    assert (formats(result)[0] == TEXT) is not result.endswith("Report")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_offers_the_formats_of_its_results(command: str) -> None:
    """`--format` takes what the table has: no more, and no less."""
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    offered = [tuple(o.type.choices) for o in found.params if o.name == "form" and isinstance(o.type, click.Choice)]
    own = {"plan": ("Plan",), "validate": ("Validation",), "show": ("Shown",), **RESULTS_OF}
    given = common_formats if command in EITHER else formats

    assert offered == ([given(*own[command])] if command in own else [])


@pytest.mark.parametrize("command", EITHER)
def test_what_shows_either_result_offers_what_both_have(command: str) -> None:
    for form in common_formats(*RESULTS_OF[command]):
        assert all(form in VIEWS[result] for result in RESULTS_OF[command])


def test_several_targets_have_the_formats_of_one() -> None:
    """`plan` shows any of these by the same option."""
    assert formats("Plan") == formats("Drift") == formats("Plans")


def test_every_module_of_a_format_is_in_the_table() -> None:
    """A file in `json/` that no entry names would be dead. What is said beside results is `log`, and no view of one."""
    folder = Path(str(import_module("asstctl.render.json").__path__[0]))
    named = {place.partition(":")[0] for forms in VIEWS.values() for place in forms.values()}

    assert {f"json.{file.stem}" for file in folder.glob("[a-z]*.py")} - named == {"json.shared", "json.log"}


def test_a_result_without_that_format_has_no_view() -> None:
    plan = Plan(TargetInfo("local", "local", "", "x.db", "p"), ())

    with pytest.raises(KeyError, match="env"):
        view(plan, "env")


@pytest.mark.parametrize("form, module", [("json", "json.plan"), (TEXT, "plan")])
def test_a_view_loads_what_it_needs(form: str, module: str) -> None:
    """The table loads no module of `render`, and a plan in one format none of another format or result."""
    program = (
        "import sys\n"
        "def loaded(): return {m.removeprefix('asstctl.render.') for m in sys.modules if 'asstctl.render.' in m}\n"
        "from asstctl.core.plan import Plan, TargetInfo\n"
        "from asstctl.render import view\n"
        "assert not loaded()\n"
        f"view(Plan(TargetInfo('local', 'local', '', 'x.db', 'p'), ()), {form!r})\n"
        "print(*sorted(loaded()))\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    views = {place.partition(":")[0] for forms in VIEWS.values() for place in forms.values()}

    assert set(done.stdout.split()) & views == {module}


@pytest.mark.parametrize("full", [True, False])
def test_the_request_of_a_success_is_named_in_full_alone(full: bool) -> None:
    """That of a failure stands where the failure is explained."""
    address = Address("assistant", "a")
    outcome = Outcome(address, Action.UPDATE, OutcomeStatus.APPLIED, "asst_1", request_id="req_42")

    assert ("request req_42" in outcome_text(outcome, look=Look(full=full))) is full


def test_a_pull_that_only_keeps_begins_its_summary_with_a_capital() -> None:
    kept = replace(PULLS["pull-written"], edits=(), taken=(), again=(), written=False)
    assert pulled_text(kept) == "Kept 1 field of the files.\n"


@pytest.mark.parametrize("width", [80, 200])
def test_what_holds_of_all_differences_stands_below_the_header(width: int) -> None:
    """Whether the header takes one line or two."""
    terms = "Metadata is written once here: differences are two-way, no drift, no resets"
    look = replace(PLAIN, width=width)
    *_, last = written(header_lines(replace(FAR, terms=terms), look), look).splitlines()
    assert last == f"  {terms}"
