"""validate: what is wrong with the files, and what they hold.

validate  valid files counts{error warning note} found{noun: n} losses{target: [field]} diagnostics[diagnostic]

`losses` are those that a target accepts by `on_unsupported`, whichever object has them.
"""

from asstctl.core.diagnostic import Severity, Validation
from asstctl.render.json.shared import diagnostic_object, document


def validation_json(validation: Validation) -> str:
    """Every diagnostic, in reading order."""
    counts = {str(severity): sum(d.severity is severity for d in validation.diagnostics) for severity in Severity}
    return document(
        "validate",
        valid=not validation.failed,
        files=validation.files,
        counts=counts,
        found=dict(validation.found),
        losses={target: list(fields) for target, fields in validation.losses.items()},
        diagnostics=[diagnostic_object(diagnostic) for diagnostic in validation.diagnostics],
    )
