"""migrate: what was saved of the Assistants API, and what became of it.

migrate     sources[] written files[{path lines}] assistants[{address id name}] threads[thread] unbrought[] notes[]
            again[{address field}] prospect | null
thread      id path assistant turns notes[]
unbrought   what reason hint
prospect    target provider dialect notes[] assistants[{address fields[field]}] on_unsupported
field       field fate said way functions[] entry accept; fate is `maps`, `changed`, `moved` or `lost`, and `entry` and
            `accept` are null where there is nothing to accept

`on_unsupported` is the whole map that accepts every loss.
"""

from asstctl.core.migration import FieldFate, Migrated, Prospect
from asstctl.render.json.shared import Object, document


def migrated_json(migrated: Migrated) -> str:
    """All of it; the texts themselves are in the files."""
    return document(
        "migrate",
        sources=list(migrated.sources),
        written=migrated.written,
        files=[{"path": edit.path, "lines": len(edit.after.splitlines())} for edit in migrated.edits],
        assistants=[{"address": str(one.address), "id": one.id, "name": one.name} for one in migrated.assistants],
        threads=[
            {
                "id": one.id,
                "path": one.path,
                "assistant": one.assistant,
                "turns": one.turns,
                "notes": list(one.notes),
            }
            for one in migrated.threads
        ],
        unbrought=[{"what": one.what, "reason": one.reason, "hint": one.hint} for one in migrated.unbrought],
        notes=list(migrated.notes),
        again=[{"address": str(one.address), "field": one.field} for one in migrated.again],
        prospect=_prospect(migrated.prospect) if migrated.prospect else None,
    )


def _prospect(prospect: Prospect) -> Object:
    return {
        "target": prospect.target,
        "provider": prospect.provider,
        "dialect": prospect.dialect,
        "notes": list(prospect.notes),
        "assistants": [
            {"address": str(address), "fields": [_field(one) for one in fates]}
            for address, fates in prospect.fates.items()
        ],
        "on_unsupported": prospect.entries,
    }


def _field(one: FieldFate) -> Object:
    return {
        "field": one.field,
        "fate": str(one.fate),
        "said": one.said,
        "way": one.way,
        "functions": list(one.names),
        "entry": one.entry or None,
        "accept": one.accepted,
    }
