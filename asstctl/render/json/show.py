"""show: one resource in full.

show    address id target status created_at fields{…} files[{path id status bytes error}] | null
        losses[{field way what function | null}] offline tokens | null
        declared{instructions differs tokens} | null
tokens  instructions tools prompt

With `offline` nobody looked at the target, and `fields` are those of the files. `declared` are the instructions that
the files give on this target, rendered, and `differs` whether what is live has others. `tokens` are estimates.
"""

from asstctl.core.inventory import Declared, HeldFile, Shown
from asstctl.core.tokens import Tokens
from asstctl.render.json.shared import Object, document, loss_object, target_object


def show_json(shown: Shown) -> str:
    """Every field that the resource has."""
    one = shown.resource
    return document(
        "show",
        address=str(one.address),
        id=one.id,
        target=target_object(shown.target),
        status=one.status,
        created_at=one.created_at,
        fields=dict(one.fields),
        files=None if one.files is None else [_file(file) for file in one.files],
        losses=[loss_object(loss) for loss in one.losses],
        offline=shown.offline,
        tokens=_tokens(shown.tokens) if shown.tokens else None,
        declared=_declared(shown.declared) if shown.declared else None,
    )


def _declared(declared: Declared) -> Object:
    return {
        "instructions": declared.instructions,
        "differs": declared.differs,
        "tokens": _tokens(declared.tokens),
    }


def _tokens(tokens: Tokens) -> Object:
    return {"instructions": tokens.instructions, "tools": tokens.tools, "prompt": tokens.prompt}


def _file(file: HeldFile) -> Object:
    return {
        "path": file.path,
        "id": file.id,
        "status": file.status,
        "bytes": file.bytes,
        "error": file.error,
    }
