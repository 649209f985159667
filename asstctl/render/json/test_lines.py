"""test as JSON Lines: what is known is written as it comes, so that a run that breaks off loses nothing.

header   schema line: "header" version target mode candidate deployed shard planned[{assistant id where name tags[]}]
         comparing | null
case     line: "case" index, and a case as `json.test` has it
summary  line: "summary", and all of `json.test` but its cases

The first line is the header, the last the summary; a file without one is of a run that broke off. What reads them is
`conversation.results`.
"""

import json

from asstctl._version import __version__
from asstctl.core.conversation import CaseResult
from asstctl.core.json_text import plain
from asstctl.core.suite import Planned, SuiteBegan, SuiteResult
from asstctl.render.escape import json_safe
from asstctl.render.json.chosen import planned_object
from asstctl.render.json.shared import Object, target_object
from asstctl.render.json.test import case_object, comparing_object, suite_object

SCHEMA = "asstctl/test-lines/v1"


def header_line(began: SuiteBegan) -> str:
    """The first line."""
    return _line(
        {
            "schema": SCHEMA,
            "line": "header",
            "version": __version__,
            "target": target_object(began.target),
            "mode": began.mode,
            "candidate": began.candidate,
            "deployed": began.deployed,
            "shard": began.shard,
            "planned": [planned_object(one) for one in began.planned],
            "comparing": comparing_object(began.comparing),
        }
    )


def case_line(index: int, case: CaseResult) -> str:
    """The line of a conversation that has ended; `index` is its place in the run."""
    return _line({"line": "case", "index": index, **case_object(case)})


def summary_line(suite: SuiteResult) -> str:
    """The last line."""
    return _line({"line": "summary", **suite_object(suite)})


def suite_lines(suite: SuiteResult) -> str:
    """All lines of a run that has ended."""
    planned = tuple(Planned(one.assistant, one.id, one.where, one.name, one.tags) for one in suite.cases)
    began = SuiteBegan(
        suite.target, planned, suite.mode, suite.candidate, deployed=suite.deployed, comparing=suite.comparing
    )
    header = header_line(began)
    cases = (case_line(index, case) for index, case in enumerate(suite.cases))
    return "".join((header, *cases, summary_line(suite)))


def _line(content: Object) -> str:
    return json_safe(json.dumps(content, ensure_ascii=False, default=plain)) + "\n"
