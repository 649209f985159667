"""doctor: how the project and its targets stand.

doctor   project file | null counts{fine note warning unknown wrong} findings[finding]
         targets[{target findings[finding]}]
finding  check standing summary detail hint where | null
"""

from asstctl.core.doctor import Examination, Finding
from asstctl.render.json.shared import Object, document, target_object, where_object


def examination_json(examination: Examination) -> str:
    """Every finding, in the order in which things were looked at."""
    return document(
        "doctor",
        project=examination.project,
        file=examination.file or None,
        counts={str(standing): number for standing, number in examination.counts.items()},
        findings=[_finding(one) for one in examination.findings],
        targets=[
            {"target": target_object(one.target), "findings": [_finding(finding) for finding in one.findings]}
            for one in examination.targets
        ],
    )


def _finding(one: Finding) -> Object:
    return {
        "check": one.check,
        "standing": str(one.standing),
        "summary": one.summary,
        "detail": one.detail,
        "hint": one.hint,
        "where": where_object(one.where),
    }
