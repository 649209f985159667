"""doctor: how the project and its targets stand.

doctor   project file | null counts{fine note warning unknown wrong} findings[finding] settings[setting]
         targets[{target findings[finding] settings[setting]}]
finding  check standing summary detail hint where | null
setting  name value secret origin overrides[origin]
origin   source name | null where | null

Of a secret `value` says whether it is set.
"""

from asstctl.core.doctor import Examination, Finding
from asstctl.core.origin import Setting
from asstctl.render.json.shared import Object, document, origin_object, target_object, where_object


def examination_json(examination: Examination) -> str:
    """Every finding, in the order in which things were looked at, and every setting."""
    return document(
        "doctor",
        project=examination.project,
        file=examination.file or None,
        counts={str(standing): number for standing, number in examination.counts.items()},
        findings=[_finding(one) for one in examination.findings],
        settings=[_setting(one) for one in examination.settings],
        targets=[
            {
                "target": target_object(one.target),
                "findings": [_finding(finding) for finding in one.findings],
                "settings": [_setting(setting) for setting in one.settings],
            }
            for one in examination.targets
        ],
    )


def _setting(one: Setting) -> Object:
    return {
        "name": one.name,
        "value": one.value,
        "secret": one.is_secret,
        "origin": origin_object(one.origin),
        "overrides": [origin_object(origin) for origin in one.overrides],
    }


def _finding(one: Finding) -> Object:
    return {
        "check": one.check,
        "standing": str(one.standing),
        "summary": one.summary,
        "detail": one.detail,
        "hint": one.hint,
        "where": where_object(one.where),
    }
