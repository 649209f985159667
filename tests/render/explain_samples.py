"""What `explain` says: every kind of origin, every standing, and a target that did not answer."""

from asstctl.core.address import Address
from asstctl.core.change import ABSENT, Action, Block, BlockCode, FieldState, WayOn
from asstctl.core.diagnostic import Where
from asstctl.core.errors import Unreachable
from asstctl.core.explanation import Explained, Explanation, LastApplied, Next, Said, Since, Stands, Variable
from asstctl.core.origin import Origin, Source
from tests.render.samples import GUAGUA, STAGING

_FILE, _PROJECT = "assistants/guagua.yaml", "asstctl.yaml"
_SINCE = Since("1a2b3c4", "2026-11-20", "Cooler answers\x1b[31m")
_WAYS = (
    WayOn("keep the live value", "asstctl pull assistant.guagua.temperature --target staging"),
    WayOn("restore the manifest", "asstctl apply --target staging --overwrite-drift assistant.guagua.temperature"),
)


def _at(source: Source, line: int, name: str = "", path: str = _FILE, last: int = 0) -> Origin:
    return Origin(source, name, Where(path, line), last)


_TEMPERATURE = Explained(
    "temperature",
    0.2,
    declared=True,
    said=(
        Said(_at(Source.OVERLAY, 23, "staging"), 0.2),
        Said(_at(Source.BODY, 6), 0.7),
        Said(_at(Source.DEFAULTS, 10, "assistant", _PROJECT), 1),
    ),
    since=_SINCE,
    stands=Stands(
        0.9, FieldState.DRIFT, LastApplied("AbCdEfGh", "1a2b3c4", 0.2), "it is blocked, until you choose", _WAYS
    ),
)
_MODEL = Explained(
    "model",
    "gpt-6-luna",
    declared=True,
    said=(Said(_at(Source.BODY, 4), "{{ vars.model }}"),),
    variables=(
        Variable(
            "model",
            (
                Said(Origin(Source.FLAG, "--var"), "gpt-6-luna"),
                Said(_at(Source.VAR_FILE, 1, "staging.yaml", "staging.yaml"), "gpt-6"),
                Said(_at(Source.TARGET, 16, "staging", _PROJECT), "gpt-5"),
                Said(_at(Source.ENVIRONMENT, 5, "MODEL_SECRET", _PROJECT), is_secret=True),
            ),
        ),
        Variable("a_rather_long_name"),
    ),
    since=Since(reason="not committed yet"),
    stands=Stands("gpt-5", FieldState.OURS, LastApplied("QrStUvWx", "1a2b3c4"), "it waits for what blocks its object"),
)
_INSTRUCTIONS = Explained(
    "instructions",
    "你叫瓜瓜。你是AGI课堂的智能助理。\n你只回答跟AI大模型有关的问题。\n",
    declared=True,
    said=(Said(_at(Source.TEMPLATE, 1, "assistants/guagua.md.j2", "assistants/guagua.md.j2", 14), "{{ vars.who }}"),),
    via=(_at(Source.BODY, 5),),
    includes=(_at(Source.INCLUDE, 1, "assistants/tone.md", "assistants/tone.md", 2),),
    variables=(Variable("who", (Said(_at(Source.ENVIRONMENT, 7, "WHO", _PROJECT), "瓜瓜"),)),),
    since=Since("0f0f0f0", "2026-01-02", "Import", "the clone is shallow, and earlier history is not in it", True),
    stands=Stands("你叫瓜瓜。", FieldState.CLEAN, next="nothing"),
)
_METADATA = Explained(
    "metadata",
    {"team": "agiclass", "stage": "live"},
    declared=True,
    said=(Said(_at(Source.OVERLAY, 25, "staging"), {"stage": "live"}),),
    since=_SINCE,
    parts=(
        Explained(
            "metadata.team", "agiclass", True, (Said(_at(Source.DEFAULTS, 11, "assistant", _PROJECT), "agiclass"),)
        ),
        Explained("metadata.stage", "live", True, (Said(_at(Source.OVERLAY, 25, "staging"), "live"),), since=_SINCE),
    ),
    stands=Stands({"team": "agiclass"}, FieldState.CONFLICT, next="it is blocked, until you choose"),
)
_NAME = Explained(
    "name",
    ABSENT,
    declared=False,
    said=(Said(_at(Source.OVERLAY, 24, "staging"), None), Said(_at(Source.BODY, 3), "Guagua")),
    remark="`null` takes it out on staging",
    stands=Stands("Somebody's name", FieldState.UNMANAGED, next="nothing: no file speaks of it"),
)
_TOOL = Explained(
    "tools.function.ask_database.parameters",
    {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    declared=True,
    said=(Said(_at(Source.FILE, 1, "assistants/ask.json", "assistants/ask.json", 7)),),
    via=(_at(Source.FUNCTION, 4, "ask_database", "assistants/functions/ask.yaml"), _at(Source.FRONT_MATTER, 11)),
    remark="the target is without it, as it accepts: strict schemas",
)
_BLOCKED = Next(
    Action.UPDATE,
    "temperature differs",
    Block(
        BlockCode.DRIFT,
        "temperature changed on staging outside of git",
        (
            WayOn("keep the live value", "asstctl pull assistant.guagua --target staging"),
            WayOn("restore the manifest", "asstctl apply --target staging --overwrite-drift assistant.guagua"),
        ),
    ),
)
_WHERE = Where(_FILE, 1, 1)
_ID = "asst_xi4KpQ8rTz2VdmzkWv3LdmzK"

EXPLANATIONS = {
    "explain": Explanation(
        STAGING,
        GUAGUA,
        "",
        (_NAME, _MODEL, _INSTRUCTIONS, _TEMPERATURE, _METADATA, _TOOL),
        _WHERE,
        _ID,
        "1a2b3c4",
        next=_BLOCKED,
        looked=True,
    ),
    "explain-field": Explanation(
        STAGING, GUAGUA, "temperature", (_TEMPERATURE,), _WHERE, _ID, "1a2b3c4", next=_BLOCKED, looked=True
    ),
    "explain-unseen": Explanation(
        STAGING,
        GUAGUA,
        "temperature",
        (Explained("temperature", 0.2, declared=True, said=_TEMPERATURE.said[:1]),),
        _WHERE,
        unseen=Unreachable(
            "cannot reach 127.0.0.1:8000 (target staging)",
            detail="connection refused, 3 tries in 1.2 s",
            hint="Is the server running? Check with: asstctl doctor --target staging",
        ),
    ),
    "explain-function": Explanation(
        STAGING,
        Address("function", "ask_database"),
        "",
        (
            Explained(
                "description",
                "Ask.",
                declared=True,
                said=(Said(_at(Source.FUNCTION, 3, "ask_database", "assistants/functions/ask.yaml"), "Ask."),),
            ),
        ),
        Where("assistants/functions/ask.yaml", 1),
        users=(GUAGUA, Address("assistant", "tutor")),
    ),
}
