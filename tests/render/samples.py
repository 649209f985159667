"""Hand-made results that reach every branch of the renderers; the golden files show what becomes of them."""

from collections.abc import Mapping
from typing import Any

from asstctl.core.address import Address
from asstctl.core.change import (
    ABSENT,
    Action,
    Block,
    BlockCode,
    Change,
    Detail,
    FieldChange,
    FieldState,
    WayOn,
)
from asstctl.core.conversation import (
    CallMade,
    CaseResult,
    Failure,
    FailureKind,
    Mismatch,
    Status,
    SuiteResult,
    TurnResult,
)
from asstctl.core.diagnostic import Diagnostic, Severity, Validation, Where, error, warning
from asstctl.core.inventory import Ids, Inventory, Resource, Shown
from asstctl.core.outcome import Applied, ApplyReport, Outcome, OutcomeStatus
from asstctl.core.plan import Plan, TargetInfo

GUAGUA = Address("assistant", "guagua")
TUTOR = Address("assistant", "tutor")
MATH = Address("assistant", "math-tutor")
HANDBOOK = Address("vector_store", "handbook")

LOCAL = TargetInfo("local", "local", "assistants", ".asstctl/local.db", "agiclass", local=True, default=True)
STAGING = TargetInfo("staging", "assistants", "full wire", "127.0.0.1:8000", "agiclass")
FAR = TargetInfo(
    "production-eu", "assistants", "assistants-v2", "assistants.internal.eu-west.example.com:8443", "agiclass"
)

PROMPT = "\n".join(
    [
        "你叫瓜瓜。你是AGI课堂的助手。你只回答跟AI大模型有关的问题。",
        *(f"Rule {n}: stay with the course, and say so when you do not know." for n in range(2, 15)),
    ]
)
LONG_PARAGRAPH = (
    "You are a personal math tutor. When asked a question, write and run Python code to answer the question. "
    "Explain every step in words that a pupil of twelve understands, never give the result before the way to it, "
    "and end each answer with one exercise of the same kind for the pupil to solve alone."
)
TOOLS: list[Mapping[str, Any]] = [
    {"type": "code_interpreter"},
    {
        "type": "function",
        "function": {
            "name": "ask_database",
            "description": "Ask the course database with one SQL query and get rows as text.",
            "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
        },
    },
]


def ours(name: str, before: Any, after: Any, *details: Detail) -> FieldChange:
    return FieldChange(name, FieldState.OURS, before, after, details)


def keep(key: str, *, refresh: bool = False) -> Change:
    return Change(Address("assistant", key), Action.KEEP, refresh=refresh, remote_id=f"asst_{key}")


CREATE = Change(
    MATH,
    Action.CREATE,
    fields=(
        ours("name", ABSENT, "Math Tutor"),
        ours("model", ABSENT, "gpt-4o"),
        ours("instructions", ABSENT, PROMPT),
        ours("description", ABSENT, LONG_PARAGRAPH),
        ours("tools", ABSENT, TOOLS),
        ours("temperature", ABSENT, 0.2),
        ours("metadata", ABSENT, {"team": "agiclass"}),
        ours(
            "response_format",
            ABSENT,
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object", "properties": {}}}},
        ),
    ),
    where=Where("assistants/math-tutor.yaml", 1),
    name="Math Tutor",
)
UPDATE = Change(
    GUAGUA,
    Action.UPDATE,
    fields=(
        ours("model", "gpt-4o", "gpt-4.1"),
        ours("instructions", PROMPT, PROMPT.replace("课堂的助手", "课堂的智能助理")),
        ours(
            "tools",
            TOOLS,
            TOOLS,
            Detail("function.ask_database.parameters.properties.query.maxLength", ABSENT, 2000),
            Detail("function.ask_database.strict", True, ABSENT),
            Detail("function.ask_database.description", "Ask the database.", "Ask the course database with SQL."),
            Detail(
                "function.ask_database.parameters.properties.query.description",
                "The query to run against the course database, written in the SQL of SQLite, read-only.",
                "The query to run against the course database, written in the SQL of SQLite, one statement.",
            ),
            Detail("function.ask_database.parameters.properties.filter.properties.weekday.enum", ABSENT, [1, 2, 3, 4]),
        ),
        ours("top_p", 0.3, ABSENT),
        FieldChange("description", FieldState.UNMANAGED, "made in the dashboard", ABSENT),
    ),
    unchanged=6,
    remote_id="asst_xi4KpQ8rTz2VdmzkWv3LdmzK",
    where=Where("assistants/guagua.md", 3),
)
DRIFT = Change(
    TUTOR,
    Action.UPDATE,
    fields=(
        FieldChange("temperature", FieldState.DRIFT, 0.9, 0.2),
        FieldChange("top_p", FieldState.CONFLICT, 0.9, 0.4),
        FieldChange("instructions", FieldState.DRIFT, "You are a tutor.\nBe rude.", "You are a tutor.\nBe kind."),
        FieldChange("metadata", FieldState.DRIFT, {"a": "1"}, {}, (Detail("a", "1", ABSENT),)),
    ),
    unchanged=1,
    reason="live since r=1a2b3c4",
    remote_id="asst_9QbCaaaaaaaaaaaaaaaae2Lp",
    block=Block(
        BlockCode.DRIFT,
        "",
        (
            WayOn("keep the live value", "asstctl pull assistant.tutor --target staging"),
            WayOn("restore the manifest", "asstctl apply --target staging --overwrite-drift assistant.tutor"),
        ),
    ),
)
OVERWRITE = Change(
    Address("assistant", "overwritten"),
    Action.UPDATE,
    fields=(
        FieldChange("temperature", FieldState.DRIFT, 0.9, 0.2, overwritten=True),
        FieldChange(
            "instructions", FieldState.CONFLICT, "Be rude.\nBe short.", "Be kind.\nBe short.", overwritten=True
        ),
    ),
    remote_id="asst_short",
    where=Where("assistants/teams/customer-success/emea/overwritten-by-hand.assistant.yaml", 117),
)
SAME_NAME = Change(
    Address("assistant", "helper"),
    Action.CREATE,
    fields=(ours("name", ABSENT, "Helper"),),
    where=Where("assistants/helper.yaml", 1),
    block=Block(
        BlockCode.SAME_NAME,
        'asst_foreign bears the name "Helper" and no mark of ours',
        (
            WayOn("take it over", "asstctl adopt asst_foreign"),
            WayOn("make another", "asstctl apply --allow-same-name assistant.helper"),
        ),
    ),
)
OTHERS = (
    Change(Address("assistant", "replaced"), Action.REPLACE, fields=(ours("model", "a", "b"),), remote_id="asst_1"),
    Change(
        Address("assistant", "old-bot"),
        Action.DELETE,
        fields=(ours("model", "gpt-4o", ABSENT),),
        reason="no longer declared, and --prune was given",
        remote_id="asst_oldbot000000000000000000",
    ),
    Change(Address("assistant", "adopted"), Action.ADOPT, reason="named in changes.yaml:3", remote_id="asst_2"),
    Change(Address("assistant", "moved"), Action.MOVE, reason="was assistant.before", remote_id="asst_3"),
    Change(Address("assistant", "forgotten"), Action.FORGET, remote_id="asst_4"),
    Change(
        HANDBOOK,
        Action.CREATE,
        fields=(ours("name", ABSENT, "Handbook"),),
        where=Where("assistants/knowledge.yaml", 1),
        depends_on=(GUAGUA,),
    ),
    *(
        Change(
            Address("assistant", str(code)), Action.UPDATE, block=Block(code, f"reason for {code}"), remote_id="asst_5"
        )
        for code in BlockCode
        if code not in {BlockCode.DRIFT, BlockCode.SAME_NAME}
    ),
)

PLANS = {
    "plan-create": Plan(LOCAL, (CREATE, keep("guagua"))),
    "plan-update": Plan(
        STAGING,
        (UPDATE, DRIFT, *(keep(f"a{n}") for n in range(196))),
        (
            "assistant.tutor: top_p is 0.3 on staging and not declared here.",
            "1 object is no longer declared: assistant.old-bot (use --prune, or `removed` in a kind: changes file).",
        ),
    ),
    "plan-every-action": Plan(FAR, (OVERWRITE, SAME_NAME, *OTHERS, keep("stale", refresh=True), keep("still"))),
    "plan-nothing": Plan(LOCAL, (keep("guagua"), keep("math-tutor"))),
    "plan-stale-marks": Plan(
        STAGING,
        (keep("guagua", refresh=True), Change(HANDBOOK, Action.KEEP, refresh=True)),
        ("assistant.guagua: top_p is 0.3 on staging and not declared here.",),
    ),
    "plan-empty": Plan(LOCAL, ()),
}

REPORTS = {
    "apply-done": Applied(
        Plan(LOCAL, ()),
        ApplyReport(
            (
                Outcome(MATH, Action.CREATE, OutcomeStatus.APPLIED, "asst_7fK2aaaaaaaaaaaaaaaabbbb", 0.12),
                Outcome(GUAGUA, Action.UPDATE, OutcomeStatus.APPLIED, "asst_xi4KpQ8rTz2VdmzkWv3LdmzK", 0.08),
            )
        ),
    ),
    "apply-troubled": Applied(
        Plan(STAGING, ()),
        ApplyReport(
            (
                Outcome(MATH, Action.CREATE, OutcomeStatus.APPLIED, "asst_7fK2aaaaaaaaaaaaaaaabbbb", 1.24),
                Outcome(Address("assistant", "still"), Action.KEEP, OutcomeStatus.APPLIED, "asst_s", refresh=True),
                Outcome(
                    GUAGUA,
                    Action.UPDATE,
                    OutcomeStatus.FAILED,
                    "asst_xi4KpQ8rTz2VdmzkWv3LdmzK",
                    0.3,
                    detail="temperature: 3 is more than the maximum of 2",
                    hint="Mend it in assistants/guagua.md:7 and apply again.",
                    request_id="req_42",
                ),
                Outcome(
                    TUTOR,
                    Action.CREATE,
                    OutcomeStatus.UNKNOWN,
                    seconds=30.0,
                    detail="the answer was lost and no listing shows nonce 8fk2m1qz",
                    hint="The next plan finds it if it was made: asstctl plan --target staging",
                ),
                Outcome(HANDBOOK, Action.CREATE, OutcomeStatus.SKIPPED, detail="assistant.guagua failed"),
            ),
            warnings=("assistant.math-tutor: the provider rewrote temperature from 0.2 to 0.20000000298023224.",),
        ),
    ),
    "apply-interrupted": Applied(
        Plan(STAGING, ()),
        ApplyReport((Outcome(MATH, Action.DELETE, OutcomeStatus.SKIPPED, detail="interrupted"),), interrupted=True),
    ),
    "apply-marks": Applied(
        Plan(LOCAL, ()),
        ApplyReport((Outcome(MATH, Action.KEEP, OutcomeStatus.APPLIED, "asst_7fK2", 0.1, refresh=True),) * 2),
    ),
}

SCHEDULE = Where("assistants/schedule.convo.yaml", 12)
SQL = "SELECT * FROM Course WHERE weekday = 3"
CALL = CallMade("ask_database", f'{{"query": "{SQL}"}}', '[["周三", "大模型应用开发"]]')
FAILED_CALL = CaseResult(
    "guagua",
    "schedule",
    SCHEDULE,
    (
        TurnResult(
            1,
            Status.FAILED,
            "周三有什么课?",
            (CALL,),
            "周三没有课。",
            (
                Failure(
                    FailureKind.CALL_ARGS,
                    "ask_database was called with other arguments",
                    (Mismatch("query", '$icontains "courses"', f'"{SQL}"'), Mismatch("limit", "5", "nothing")),
                    Where("assistants/schedule.convo.yaml", 15),
                    call=0,
                ),
            ),
            0.2,
        ),
        TurnResult(2, Status.NOT_RUN, "谢谢"),
    ),
    0.2,
)
PASSED = CaseResult(
    "math-tutor",
    "solves-equation",
    Where("assistants/math-tutor.convo.yaml"),
    (TurnResult(1, Status.PASSED, "hi", (), "hello"), TurnResult(2, Status.PASSED, "3x + 11 = 14", (), "x = 1")),
    0.31,
)
SHORT = CaseResult(
    "guagua", "introduces-himself", Where("assistants/who.convo.yaml"), (TurnResult(1, Status.PASSED),), 0.1
)
FAILED_TEXT = CaseResult(
    "guagua",
    "who",
    Where("assistants/who are you.convo.yaml", 4),
    (
        TurnResult(1, Status.PASSED, "你好", (CALL,), "你好!"),
        TurnResult(
            2,
            Status.FAILED,
            "你是谁",
            (),
            "Bin ich\n::error::ein Assistent\x1b[31m?",
            (
                Failure(
                    FailureKind.TEXT,
                    "the reply does not contain it",
                    (Mismatch("", 'contains-any ["瓜瓜", "AGI课堂"]', "Bin ich\n::error::ein Assistent\x1b[31m?"),),
                    Where("assistants/who are you.convo.yaml", 9),
                ),
                Failure(FailureKind.TEXT, "the reply matches (?i)assistent, and must not", where=SCHEDULE),
                Failure(FailureKind.CALL_MISSING, "ask_database was not called", where=SCHEDULE),
            ),
        ),
        TurnResult(3, Status.NOT_RUN, "a"),
        TurnResult(4, Status.NOT_RUN, "b"),
    ),
    1.4,
)
TIMED_OUT = CaseResult(
    "a-very-long-assistant-key-that-somebody-generated",
    "a-conversation-whose-name-says-everything-about-it",
    Where("assistants/generated/conversations/a-conversation-whose-name-says-everything.convo.yaml", 30),
    (
        TurnResult(
            1,
            Status.ERROR,
            None,
            (CallMade("slow", "{}", "word " * 40), CallMade("other", "{}")),
            "",
            (Failure(FailureKind.TIMEOUT, "no end of the run after 30 s"),),
        ),
        TurnResult(2, Status.NOT_RUN),
        TurnResult(3, Status.NOT_RUN),
    ),
    30.0,
)
NOT_OPENED = CaseResult(
    "tutor",
    "opens",
    Where("assistants/opens.convo.yaml", 1),
    (TurnResult(1, Status.NOT_RUN, "hi"),),
    0.0,
    failure=Failure(FailureKind.PROVIDER_ERROR, "cannot open a thread: 503 from 127.0.0.1:8000 (request req_7)"),
)
SKIPPED = CaseResult(
    "tutor", "runs-code", Where("a.convo.yaml"), (), skipped="python stubs need code (--no-code was given)"
)
UNEXPECTED = CaseResult(
    "guagua",
    "no-calls",
    Where("assistants/no-calls.convo.yaml", 2),
    (
        TurnResult(
            1,
            Status.FAILED,
            "word " * 300,
            (CallMade("escalate", "{}", ""),),
            "",
            (
                Failure(FailureKind.CALL_UNEXPECTED, "escalate was called, and must not be", where=SCHEDULE, call=0),
                Failure(FailureKind.TEXT, "the reply is not equal", (Mismatch("", '"Yes."', '""'),), SCHEDULE),
            ),
        ),
    ),
    0.2,
)

SCRIPTED = "scripted (demo.replies.yaml)"
SUITES = {
    "test-failed": SuiteResult((PASSED, FAILED_CALL, SHORT), LOCAL, SCRIPTED, False, 0.6),
    "test-every-end": SuiteResult(
        (PASSED, FAILED_TEXT, UNEXPECTED, TIMED_OUT, NOT_OPENED, SKIPPED, SKIPPED),
        STAGING,
        "by the server",
        True,
        33.0,
        warnings=("assistants/who.convo.yaml expects nothing.",),
        left_behind=("thread_a", "thread_b"),
    ),
    "test-passed": SuiteResult((PASSED, SHORT), LOCAL, "from chat (qwen3:8b)", True, 0.4),
    "test-interrupted": SuiteResult((PASSED,), LOCAL, SCRIPTED, False, 0.4, interrupted=True),
    "test-nothing": SuiteResult((), LOCAL, SCRIPTED, False),
}

DIAGNOSTICS = (
    error(
        "unreadable",
        "the file cannot be read",
        Where("assistants/locked.yaml"),
        hint="Give yourself the right to read it.",
        detail="permission denied",
    ),
    error(
        "no-target", "there is no target `stagin`", hint="Did you mean `staging`?", detail="asstctl.yaml declares two."
    ),
    error(
        "unknown-key",
        "`instuctions` is not a field of an assistant",
        Where("assistants/tutor.yaml", 4, 1, 11, "instuctions: You are a personal math tutor."),
        hint="did you mean `instructions`?",
    ),
    error(
        "strict-required",
        "strict functions must require every property",
        Where("assistants/functions/ask.yaml", 9, 3, 8, "  required: [query]"),
        hint='`limit` is missing; make it required and allow null: {type: [integer, "null"]}',
        detail="OpenAI's strict mode accepts optional values only as a union with null.",
    ),
    warning(
        "cjk",
        "a caret under wide characters",
        Where("assistants/guagua.md", 128, 6, 2, "你叫瓜瓜。助手回答问题"),
        hint="here",
    ),
    error("tab", "tabs do not indent YAML", Where("a.yaml", 10, 2, 3, "\tkey:\tvalue\x1b[31m")),
    error(
        "long-line",
        "a message that is so long that it has to be broken over two lines, because eighty columns hold",
        Where(
            "assistants/long.yaml", 7, 300, 12, "word " * 58 + "and here {{ vars.modle }} and there, " + "word " * 60
        ),
        hint="vars.modle is not defined",
    ),
    error("end", "the value ends too early", Where("b.yaml", 3, 9, 0, "tools: [")),
    Diagnostic(Severity.NOTE, "first", "the first one is here", Where("b.yaml", 1, 1, 400, "kind: assistant")),
)

FOUND = {"assistant": 2, "function": 1, "conversation": 4}
VALIDATIONS = {
    "validate-errors": Validation(DIAGNOSTICS, 7, FOUND),
    "validate-warnings": Validation(DIAGNOSTICS[4:5], 7, FOUND),
    "validate-valid": Validation((), 7, {**FOUND, "function": 0}),
    "validate-one-file": Validation((), 1, {}),
}

LISTED = Inventory(
    STAGING,
    (
        Resource(
            GUAGUA, "matches", "AGIClass Demo 瓜瓜", "asst_xi4KpQ8rTz2VdmzkWv3LdmzK", "gpt-4o", created_at=1700000000
        ),
        Resource(MATH, "changed outside of git", "Math Tutor", "asst_7fK2aaaaaaaaaaaaaaaabbbb", "gpt-4.1-mini"),
        Resource(
            Address("assistant", "old-bot"), "not declared", "Somebody's\x1b[2J helper", "asst_oldbot0000000000000000"
        ),
        Resource(HANDBOOK, "", "Handbook", "vs_1"),
    ),
)
IDS = Ids(STAGING, {one.address: one.id for one in LISTED.resources}, (TUTOR,))
SHOWN = Shown(
    STAGING,
    Resource(
        GUAGUA,
        "matches",
        "AGIClass Demo",
        "asst_xi4KpQ8rTz2VdmzkWv3LdmzK",
        "gpt-4o",
        1700000000,
        {
            "name": "AGIClass Demo",
            "model": "gpt-4o",
            "instructions": "你叫瓜瓜。\n\n::warning::你只回答问题。\u202etxt",
            "description": LONG_PARAGRAPH,
            "tools": TOOLS,
            "top_p": None,
        },
    ),
)
SHOWN_SHORT = Shown(STAGING, Resource(GUAGUA, "not created", fields={"top_p": 1}))
