"""CHECKS: the operators of `expect`, by name. To add one: its file, and its line here; the twin comes by itself."""

from collections.abc import Mapping

from asstctl.conversation.checks.check import TextCheck
from asstctl.conversation.checks.contains import CONTAINS
from asstctl.conversation.checks.contains_any import CONTAINS_ANY
from asstctl.conversation.checks.equals import EQUALS
from asstctl.conversation.checks.icontains import ICONTAINS
from asstctl.conversation.checks.regex import REGEX

_OPERATORS = (EQUALS, CONTAINS, CONTAINS_ANY, ICONTAINS, REGEX)

CHECKS: Mapping[str, TextCheck] = {check.name: check for one in _OPERATORS for check in (one, one.twin())}
