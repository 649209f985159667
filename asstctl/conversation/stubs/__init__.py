"""STUBS: the kinds of answer that a rule can hold, by key. To add one: its file, and its line here."""

from collections.abc import Mapping

from asstctl.conversation.stubs.command import COMMAND
from asstctl.conversation.stubs.fault import FAULT
from asstctl.conversation.stubs.kind import StubKind
from asstctl.conversation.stubs.python import PYTHON
from asstctl.conversation.stubs.returns import RETURN
from asstctl.conversation.stubs.sequence import SEQUENCE
from asstctl.conversation.stubs.template import TEMPLATE

STUBS: Mapping[str, StubKind] = {kind.key: kind for kind in (RETURN, TEMPLATE, SEQUENCE, PYTHON, COMMAND, FAULT)}
