"""Coverages, for the tests of how they read."""

from collections.abc import Mapping

from asstctl.core.coverage import Coverage, Covered, Subject


def _item(assistant: str, subject: Subject, name: str, conversations: int = 0) -> Covered:
    return Covered(assistant, subject, name, conversations)


GUAGUA = (
    _item("guagua", Subject.ASSISTANT, "guagua", 3),
    _item("guagua", Subject.FUNCTION, "ask_database", 2),
    _item("guagua", Subject.PARAMETER, "ask_database.query", 2),
    _item("guagua", Subject.PARAMETER, "ask_database.mode", 1),
    _item("guagua", Subject.ENUM, "ask_database.mode.fast", 1),
    _item("guagua", Subject.ENUM, "ask_database.mode.slow"),
    _item("guagua", Subject.PARAMETER, "ask_database.filters"),
    _item("guagua", Subject.PARAMETER, "ask_database.filters[].field"),
    _item("guagua", Subject.PARAMETER, "ask_database.filters_off"),
    _item("guagua", Subject.FUNCTION, "escalate"),
    _item("guagua", Subject.PARAMETER, "escalate.to"),
    _item("guagua", Subject.ENUM, "escalate.to.teacher"),
    _item("guagua", Subject.FILE, "assistants/guagua/knowledge/calendar.md", 1),
    _item("guagua", Subject.FILE, "assistants/guagua/knowledge/rooms\x1b[31m.md"),
)
LONELY = (
    _item("lonely", Subject.ASSISTANT, "lonely"),
    _item("lonely", Subject.FUNCTION, "ping"),
)
SPEECHLESS = (
    _item("speechless", Subject.ASSISTANT, "speechless"),
    _item("speechless", Subject.FUNCTION, "ping", 1),
)
WHOLE = (_item("math-tutor", Subject.ASSISTANT, "math-tutor", 4),)

COVERAGES: Mapping[str, Coverage] = {
    "coverage": Coverage((*GUAGUA, *LONELY, *SPEECHLESS, *WHOLE)),
    "coverage-not-enough": Coverage(GUAGUA, 90.0),
    "coverage-enough": Coverage(WHOLE, 90.0),
    "coverage-nothing": Coverage(()),
}
