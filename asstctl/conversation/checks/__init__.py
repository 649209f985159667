"""CHECKS: the operators of `expect`, by name. To add one: its file, and its line here; the twin comes by itself."""

from collections.abc import Mapping

from asstctl.conversation.checks.calls_count import CALLS_COUNT
from asstctl.conversation.checks.check import Check
from asstctl.conversation.checks.cites import CITES
from asstctl.conversation.checks.code import CODE
from asstctl.conversation.checks.contains import CONTAINS
from asstctl.conversation.checks.contains_any import CONTAINS_ANY
from asstctl.conversation.checks.cost import COST
from asstctl.conversation.checks.ends_with import ENDS_WITH
from asstctl.conversation.checks.equals import EQUALS
from asstctl.conversation.checks.icontains import ICONTAINS
from asstctl.conversation.checks.json_path import JSON_PATH
from asstctl.conversation.checks.json_schema import JSON_SCHEMA
from asstctl.conversation.checks.judged import JudgedCheck
from asstctl.conversation.checks.latency import LATENCY
from asstctl.conversation.checks.length import LENGTH
from asstctl.conversation.checks.regex import REGEX
from asstctl.conversation.checks.retrieves import RETRIEVES
from asstctl.conversation.checks.rubric import RUBRIC
from asstctl.conversation.checks.run import RUN
from asstctl.conversation.checks.similar import SIMILAR
from asstctl.conversation.checks.starts_with import STARTS_WITH
from asstctl.conversation.checks.tokens import TOKENS

_OPERATORS: tuple[Check | JudgedCheck, ...] = (
    *(EQUALS, CONTAINS, CONTAINS_ANY, ICONTAINS, REGEX, STARTS_WITH, ENDS_WITH, LENGTH),
    *(JSON_PATH, JSON_SCHEMA),
    *(CITES, RETRIEVES, CODE),
    *(LATENCY, TOKENS, COST, CALLS_COUNT, RUN),
    *(SIMILAR, RUBRIC),
)

CHECKS: Mapping[str, Check | JudgedCheck] = {check.name: check for one in _OPERATORS for check in one.with_twin()}
