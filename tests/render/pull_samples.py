"""Hand-made pulls that reach every branch of their renderer."""

from collections.abc import Mapping

from asstctl.core.change import ABSENT
from asstctl.core.diagnostic import Where
from asstctl.core.pull import Conflict, FileEdit, Left, Pulled, Taken
from tests.render.samples import GUAGUA, HANDBOOK, STAGING, TUTOR

BEFORE = "kind: assistant\nname: Guagua   # 瓜瓜\nmodel: gpt-4o\ninstructions: |\n  one\n  two\n"

PULLS: Mapping[str, Pulled] = {
    "pull-troubled": Pulled(
        STAGING,
        (
            FileEdit(
                "assistants/guagua.yaml", BEFORE, BEFORE.replace("Guagua", '"\\e[31m瓜"').replace("two", "\x1b[2J")
            ),
            FileEdit("assistants/guagua.prompt.txt", None, "write {{ x }}\n##[error] no\nend"),
        ),
        (Taken(GUAGUA, "name"), Taken(GUAGUA, "instructions")),
        (
            Left(
                TUTOR,
                "model",
                "the template `{{ vars.model }}` makes it",
                Where("assistants/tutor.yaml", 4),
                "change the template or its variables, or write the value out",
            ),
            Left(GUAGUA, "tools", "a tool of type mcp cannot be declared"),
        ),
        (
            Conflict(TUTOR, "temperature", 0.3, 0.9, 0.2, "1a2b3c4", Where("assistants/tutor.yaml", 7)),
            Conflict(HANDBOOK, "metadata", {"a": "b"}, ABSENT),
        ),
        notes=("1 object belongs to other projects (school) and stays there.",),
    ),
    "pull-written": Pulled(
        STAGING,
        (FileEdit("assistants/guagua.yaml", BEFORE, BEFORE.replace("two", "2")),),
        (Taken(GUAGUA, "instructions"),),
        kept=(Conflict(TUTOR, "temperature", 0.3, 0.9),),
        written=True,
        again=(Taken(GUAGUA, "instructions"),),
    ),
    "pull-all": Pulled(
        STAGING, (FileEdit("assistants/tutor.yaml", None, BEFORE),), (Taken(TUTOR, ""),), written=True, adopting=True
    ),
    "pull-many": Pulled(
        STAGING,
        tuple(FileEdit(f"assistants/{name}.yaml", None, BEFORE * 3) for name in ("a", "bb", "ccc", "瓜瓜")),
        (Taken(TUTOR, ""),),
        adopting=True,
    ),
    "pull-nothing-to-adopt": Pulled(STAGING, adopting=True),
    "pull-nothing": Pulled(STAGING),
}
