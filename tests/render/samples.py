"""Hand-made results that reach every branch of the renderers; the golden files show what becomes of them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from asstctl.core.address import Address
from asstctl.core.capabilities import Way
from asstctl.core.change import (
    ABSENT,
    Action,
    Block,
    BlockCode,
    Change,
    Detail,
    FieldChange,
    FieldState,
    FileAction,
    FileChange,
    WayOn,
)
from asstctl.core.conversation import (
    CallMade,
    CaseResult,
    Failure,
    FailureKind,
    Mismatch,
    Status,
    TurnResult,
)
from asstctl.core.diagnostic import Diagnostic, Severity, Validation, Where, error, warning
from asstctl.core.errors import InvalidInput, Refused, Unreachable
from asstctl.core.inventory import Declared, HeldFile, Ids, Inventory, Resource, Shown
from asstctl.core.knowledge import LocalFile
from asstctl.core.loss import Loss
from asstctl.core.outcome import Applied, ApplyReport, Outcome, OutcomeStatus
from asstctl.core.plan import Plan, TargetInfo
from asstctl.core.plans import Contrast, Drift, Plans, TargetPlan
from asstctl.core.reference import file_reference, reference
from asstctl.core.runs import Runs, RunSummary
from asstctl.core.suite import SuiteResult
from asstctl.core.tokens import Tokens
from asstctl.engine.planning.losses import losses_said

GUAGUA = Address("assistant", "guagua")
TUTOR = Address("assistant", "tutor")
MATH = Address("assistant", "math-tutor")
HANDBOOK = Address("vector_store", "handbook")

LOCAL = TargetInfo("local", "local", "assistants", ".asstctl/local.db", "agiclass", local=True, default=True)
STAGING = TargetInfo("staging", "assistants", "assistants-v2", "127.0.0.1:8000", "agiclass", dialect="full wire")
FAR = TargetInfo(
    "production-eu",
    "assistants",
    "assistants-v2",
    "assistants.internal.eu-west.example.com:8443",
    "agiclass",
    dialect="LiteLLM hybrid",
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
        ours("protect", ABSENT, True),
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
        FieldChange(
            "temperature",
            FieldState.DRIFT,
            0.9,
            0.2,
            overwritten=True,
            decided=Where("assistants/changes.yaml", 9),
        ),
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
    Change(Address("assistant", "moved"), Action.MOVE, previous=Address("assistant", "before"), remote_id="asst_3"),
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


def local_file(path: str, size: int) -> LocalFile:
    return LocalFile(path, size, "ab" * 32, Path(path))


def file_change(action: FileAction, path: str, size: int = 1200, reason: str = "", chunking: Any = None) -> FileChange:
    file = None if action is FileAction.REMOVE else local_file(path, size)
    ids = () if action is FileAction.ADD else (f"file-{path}",)
    return FileChange(action, path, file, chunking=chunking, ids=ids, reason=reason)


STATIC = {"type": "static", "static": {"max_chunk_size_tokens": 400, "chunk_overlap_tokens": 50}}
SALES = local_file("data/sales.csv", 12_288)
POLICIES = Address("vector_store", "policies")
ARCHIVE = Address("vector_store", "archive")
STORES = (
    Change(
        HANDBOOK,
        Action.CREATE,
        fields=(ours("name", ABSENT, "Handbook"),),
        files=tuple(file_change(FileAction.ADD, f"docs/chapter-{n:02}.md", 116_000 + n) for n in range(12)),
        where=Where("assistants/knowledge.yaml", 1),
    ),
    Change(
        POLICIES,
        Action.UPDATE,
        fields=(ours("expires_after", {"anchor": "last_active_at", "days": 7}, ABSENT),),
        unchanged=2,
        files=(
            file_change(FileAction.ADD, "docs/a.md"),
            file_change(FileAction.ADD, "docs/broken.pdf", 990, "the one that is there failed: unsupported_file"),
            file_change(FileAction.REPLACE, "docs/b.md", 3400),
            file_change(FileAction.REATTACH, "docs/a-document-with-a-rather-long-name-in-it.md", chunking=STATIC),
            file_change(FileAction.REATTACH, "docs/scan.pdf", reason="processing of file-7 failed: no text in it"),
            file_change(FileAction.RELABEL, "docs/条款.md"),
            file_change(FileAction.REMOVE, "docs/old.md"),
        ),
        files_unchanged=31,
        remote_id="vs_68fe2c1b9a0c8191b7d2",
        where=Where("assistants/knowledge.yaml", 6),
    ),
    Change(
        ARCHIVE,
        Action.UPDATE,
        files=(
            *(file_change(FileAction.ADD, f"archive/2026/{n:03}.md", 6500) for n in range(480)),
            *(file_change(FileAction.REATTACH, f"archive/2025/{n:03}.md") for n in range(11)),
            *(file_change(FileAction.REMOVE, f"archive/2024/{n:03}.md") for n in range(37)),
        ),
        files_unchanged=1,
        remote_id="vs_short",
        where=Where("assistants/knowledge.yaml", 11),
    ),
    Change(
        GUAGUA,
        Action.UPDATE,
        fields=(
            ours(
                "tool_resources.file_search",
                ABSENT,
                {"vector_store_ids": ["vs_raw", reference(HANDBOOK)]},
            ),
            ours(
                "tool_resources.code_interpreter",
                {"file_ids": ["file-1"]},
                {"file_ids": ["file-1", file_reference(SALES)]},
                Detail("file_ids.1", ABSENT, file_reference(SALES)),
            ),
        ),
        unchanged=6,
        late=frozenset({"tool_resources.file_search", "tool_resources.code_interpreter"}),
        remote_id="asst_xi4KpQ8rTz2VdmzkWv3LdmzK",
        where=Where("assistants/guagua.md", 3),
    ),
)
DECIDED = (
    Change(
        GUAGUA,
        Action.ADOPT,
        fields=(ours("model", "gpt-4o", "gpt-4.1"), ours("protect", False, True)),
        unchanged=3,
        decided=Where("assistants/changes.yaml", 2),
        remote_id="asst_abc123",
        where=Where("assistants/guagua.md", 1),
    ),
    Change(
        MATH,
        Action.MOVE,
        decided=Where("assistants/changes.yaml", 3),
        previous=Address("assistant", "maths"),
        remote_id="asst_7fK2aaaaaaaaaaaaaaaabbbb",
        where=Where("assistants/math-tutor.yaml", 1),
    ),
    Change(
        Address("assistant", "kept"), Action.FORGET, decided=Where("assistants/changes.yaml", 4), remote_id="asst_4"
    ),
    Change(
        ARCHIVE,
        Action.DELETE,
        files=(file_change(FileAction.REMOVE, "archive/a.md"), file_change(FileAction.REMOVE, "archive/b.md")),
        reason="the files say that it is to go",
        where=Where("assistants/changes.yaml", 5),
        decided=Where("assistants/changes.yaml", 5),
        remote_id="vs_short",
        named=True,
    ),
)

PLANS = {
    "plan-knowledge": Plan(STAGING, (*STORES, keep("tutor"))),
    "plan-files": Plan(STAGING, (STORES[1], STORES[3])),
    "plan-decisions": Plan(STAGING, (*DECIDED, keep("tutor")), flags=("--prune",)),
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

LEFT_BEHIND = Change(
    Address("assistant", "old-bot"),
    Action.KEEP,
    fields=(
        FieldChange("temperature", FieldState.CONFLICT, 0.9, ABSENT),
        FieldChange("instructions", FieldState.CONFLICT, PROMPT, ABSENT),
        FieldChange("top_p", FieldState.CONFLICT, ABSENT, ABSENT),
    ),
    unchanged=2,
    remote_id="asst_oldbot000000000000000000",
    revision="1a2b3c4",
    block=Block(
        BlockCode.DRIFT,
        "temperature, instructions, top_p changed on staging outside of git",
        (WayOn("see what is there now", "asstctl show --target staging assistant.old-bot"),),
    ),
)
LOST_MARK = Change(
    Address("assistant", "helper"),
    Action.KEEP,
    name="Helper",
    remote_id="asst_foreign",
    where=Where("assistants/helper.yaml", 1),
    block=Block(
        BlockCode.LOST_MARK,
        "asst_foreign on staging is named 'Helper' and bears no mark, and nothing there is assistant.helper",
        (WayOn("take it over", "asstctl adopt --target staging assistant.helper asst_foreign"),),
    ),
)
CODE_DRIFT = Change(
    GUAGUA,
    Action.UPDATE,
    fields=(
        FieldChange(
            "tool_resources.code_interpreter",
            FieldState.DRIFT,
            {"file_ids": ["file-a"]},
            {"file_ids": [file_reference(SALES)]},
        ),
    ),
    remote_id="asst_short",
    block=Block(BlockCode.DRIFT, ""),
)
SINCE = Change(
    TUTOR,
    Action.UPDATE,
    fields=(
        ours("top_p", 0.3, ABSENT),
        FieldChange("temperature", FieldState.SINCE, 1.1, 0.2, left=0.5),
        FieldChange("description", FieldState.SINCE, "Theirs", ABSENT, left="Ours"),
        FieldChange("instructions", FieldState.SINCE, PROMPT, "Be kind.", left="Be short."),
    ),
    reason="run 20261122-163000-k3x9 changed it",
    remote_id="asst_short",
    block=Block(
        BlockCode.CHANGED_SINCE,
        "temperature, description, instructions changed on staging since run 20261122-163000-k3x9",
        (
            WayOn("see what is there now", "asstctl show --target staging assistant.tutor"),
            WayOn("keep what is there now", "asstctl pull --target staging assistant.tutor"),
        ),
    ),
)
SINCE_MADE = Change(
    MATH,
    Action.DELETE,
    fields=(FieldChange("temperature", FieldState.SINCE, 1.1, ABSENT, left=0.5),),
    reason="run 20261122-163000-k3x9 created it",
    remote_id="asst_7fK2aaaaaaaaaaaaaaaabbbb",
    block=Block(BlockCode.CHANGED_SINCE, "temperature changed on staging since run 20261122-163000-k3x9"),
)
AGENTS = TargetInfo(
    "prod", "openai", "agents-v1", "api.openai.com", "agiclass", url="https://api.openai.com/v1", dialect="Agents API"
)
LOST = (
    (GUAGUA, Loss("assistant.temperature", Way.DROP, "no temperature")),
    (GUAGUA, Loss("function.strict", Way.DROP, "no strict functions")),
    (GUAGUA, Loss("assistant.tools.file_search", Way.FUNCTION, "no file search", "search_handbook")),
    (TUTOR, Loss("function.strict", Way.DROP, "no strict functions")),
    (MATH, Loss("assistant.tools.code_interpreter", Way.SESSION, "no code interpreter among an agent's tools")),
)
_LOST_BY_ONE = (LOST[0][1], LOST[2][1], LOST[4][1])
PLANS["plan-losses"] = Plan(
    AGENTS, (CREATE, keep("math-tutor")), tuple(losses_said(LOST, "prod", "Agents API")), losses=LOST
)
PLANS["plan-undo"] = Plan(STAGING, (SINCE, SINCE_MADE), flags=("undo 20261122-163000-k3x9",))

DRIFTS = {
    "drift": Drift(
        STAGING,
        (DRIFT, CODE_DRIFT, LOST_MARK, LEFT_BEHIND),
        ("assistant.guagua: asst_a (2026-11-21 09:00:00Z) keeps this address; asst_b bears it too and is left alone.",),
        checked=198,
    ),
    "drift-none": Drift(STAGING, checked=1),
}
BESIDE = {
    "plans": Plans(
        (
            TargetPlan("staging", Plan(STAGING, (UPDATE, DRIFT, *(keep(f"a{n}") for n in range(3))))),
            TargetPlan("local", PLANS["plan-create"]),
            TargetPlan(
                "eu",
                error=Unreachable(
                    "cannot reach 127.0.0.1:8001 (target eu)",
                    detail="connection refused, 3 tries in 1.2 s",
                    hint="Is the server running?",
                ),
            ),
            TargetPlan("production-eu", Plan(FAR, (STORES[1], SAME_NAME, OTHERS[1]))),
            TargetPlan("key", error=Refused("LITELLM_KEY is not set", hint="export LITELLM_KEY=...")),
        )
    ),
    "plans-drift": Plans(tuple(TargetPlan(name, found) for name, found in DRIFTS.items())),
    "plans-nothing": Plans(
        (
            TargetPlan("local", Plan(LOCAL, (keep("guagua"),))),
            TargetPlan("bad", error=InvalidInput((error("bad-url", "`base_url` is not a URL"),))),
        )
    ),
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
BROKEN_OFF = replace(
    PASSED,
    id="solves-more",
    turns=(PASSED.turns[0], TurnResult(2, Status.NOT_RUN, "And x - 1 = 2?")),
    not_run="interrupted",
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


def stale_cases(number: int) -> tuple[CaseResult, ...]:
    """Whose assistant's instructions changed; three in a file."""
    why = "its tape is stale: assistant.tutor: instructions changed since it was recorded (lines 4-9)"
    return tuple(
        CaseResult(
            "tutor",
            f"explains-{n}",
            where := Where(f"assistants/explains-{(n - 1) // 3}.convo.yaml", 3 + 4 * ((n - 1) % 3)),
            (TurnResult(1, Status.NOT_RUN, "Why?"),),
            failure=Failure(FailureKind.TAPE_STALE, f"{why}; record it again: asstctl test {where.path}", where=where),
        )
        for n in range(1, number + 1)
    )


UNRECORDED = tuple(
    CaseResult(
        "tutor",
        id,
        Where("assistants/new.convo.yaml", 3),
        (TurnResult(1, Status.NOT_RUN, "Hi"),),
        failure=Failure(
            FailureKind.TAPE_MISSING,
            f"it has no tape: there is no assistants/tapes/{id}.jsonl; "
            f"record it: asstctl test --record assistants/new.convo.yaml::{id}",
        ),
    )
    for id in ("one", "two", "three")
)
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
    "test-interrupted": SuiteResult((PASSED, BROKEN_OFF), LOCAL, SCRIPTED, False, 0.4, interrupted=True),
    "test-stale": SuiteResult((PASSED, *stale_cases(12), *UNRECORDED), LOCAL, SCRIPTED, False, 0.4, mode="replay"),
    "test-stale-all": SuiteResult(
        stale_cases(4), STAGING, "from assistants", True, 0.4, mode="replay", everything=True
    ),
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
    "validate-losses": Validation(
        (), 7, FOUND, {"prod": ("assistant.temperature", "function.strict"), "eu": ("assistant.tools.mcp",)}
    ),
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
        Resource(HANDBOOK, "", "Handbook", "vs_1", files=(HeldFile("docs/a.md", "file-1", "completed", 1200),) * 1200),
    ),
)
RUNS = Runs(
    (
        RunSummary(
            "20261122-163000-k3x9",
            "apply",
            "staging",
            "2026-11-22T16:30:00+00:00",
            "1a2b3c4",
            {
                Action.CREATE: 2,
                Action.UPDATE: 12,
                Action.DELETE: 1,
            },
            uploads=1204,
            failed=1,
            unknown=2,
        ),
        RunSummary("20261122-091500-0a1b", "undo", "prod\x1b[2J", "2026-11-22T09:15:00+00:00", None, {Action.MOVE: 1}),
    ),
    ("20261121-080000-zzzz",),
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
SHOWN_STORE = Shown(
    STAGING,
    Resource(
        HANDBOOK,
        "in sync",
        "Handbook",
        "vs_1",
        fields={"name": "Handbook"},
        files=(
            HeldFile("docs/a.md", "file-1", "completed", 1200),
            HeldFile("docs/broken.pdf", "file-2", "failed", 99_000, "unsupported_file: not a text"),
            HeldFile("", "file-of-somebody-else", "completed", 5),
        ),
    ),
)
SHOWN_SHORT = Shown(STAGING, Resource(GUAGUA, "not created", fields={"top_p": 1}, files=()))
SHOWN_DIFFERS = Shown(
    STAGING,
    Resource(GUAGUA, "differs", "Guagua", "asst_1", fields={"instructions": PROMPT, "model": "m"}),
    Tokens(1200, 340, 1540),
    Declared(PROMPT.replace("助手", "智能助理"), Tokens(1203, 340, 1543), differs=True),
)
SHOWN_LOSSES = Shown(AGENTS, Resource(GUAGUA, "not created", fields={"model": "m"}, losses=_LOST_BY_ONE))

CONTRASTS = (
    Contrast("", "flags", "--prune", None),
    Contrast("assistant.guagua", "temperature", (0.2, 0.5), (0.2, 0.7)),
    Contrast("assistant.guagua", "instructions", (PROMPT, "Be kind."), (PROMPT, LONG_PARAGRAPH)),
    Contrast(
        "assistant.guagua", "tool_resources.code_interpreter", None, (ABSENT, {"file_ids": [file_reference(SALES)]})
    ),
    Contrast("assistant.helper", "action", None, "create"),
    Contrast("assistant.old-bot", "action", "delete", None),
    Contrast("vector_store.handbook", "docs/a-document-with-a-rather-long-name-in-it.md", "add", "replace"),
)
