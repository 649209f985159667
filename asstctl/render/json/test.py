"""test: every conversation with its whole transcript.

test     target replies instructions_exercised seconds interrupted exit_code counts{status: n} cases[case] warnings[]
         left_behind[] run mode candidate deployed stopped selection everything empty_is_fine no_skips
         spend{tokens cost judge_tokens judge_cost known_cost judge_known_cost} coverage | null comparing | null
         compared | null
case     assistant id status where seconds skipped failure turns[turn] name tags[] kind not_run closing[failure] thread
         kept rate{passed ran needed planned} | null repeats[case] retries deployed: case | null began tape recorded
         tokens cost judged: usage | null judge_cost comparison | null
turn     number status user calls[{name arguments output matched}] reply failures[failure] seconds tokens where
         files[] usage cost first_token citations[{file text quote}] passages[{file score text}]
         code[{input logs images}] saved{name: value}
failure  kind message error call where mismatches[{path expected actual}]
usage    {prompt_tokens completion_tokens} | null
coverage percentage minimum exercised items[{assistant subject name conversations where}]
comparing   against here origin distance measured fails
compared    said conversations alike fewest most playings calls arguments far distances[] uncompared{reason: [name]}
comparison  differs why_not undecided other verdicts_agree unmeasured turns[compared turn]
compared turn  number missing[name] added[name] arguments[{function path before now}] before distance far likeness
         unreached

Costs are in US dollars, null where a price is unknown; `known_cost` is what is known of one that is not whole.
"""

from asstctl.core.comparison import Comparing, Comparison
from asstctl.core.conversation import CaseResult, Failure, Status, TurnResult
from asstctl.core.coverage import Coverage
from asstctl.core.suite import SuiteResult
from asstctl.core.thread import Usage
from asstctl.render.comparison import found_words, uncompared
from asstctl.render.json.shared import Object, document, target_object, where_object


def suite_json(suite: SuiteResult) -> str:
    """The whole run."""
    facts = suite_object(suite)
    began = {key: facts.pop(key) for key in ("target", "replies", "instructions_exercised")}
    told = {key: facts.pop(key) for key in ("seconds", "interrupted", "exit_code", "counts")}
    return document("test", **began, **told, cases=[case_object(case) for case in suite.cases], **facts)


def suite_object(suite: SuiteResult) -> Object:
    """All of a run but its conversations."""
    spend = suite.spend
    return {
        "target": target_object(suite.target),
        "replies": suite.replies,
        "instructions_exercised": suite.instructions_exercised,
        "seconds": round(suite.seconds, 3),
        "interrupted": suite.interrupted,
        "exit_code": int(suite.exit_code),
        "counts": {str(status): suite.count(status) for status in Status},
        "warnings": list(suite.warnings),
        "left_behind": list(suite.left_behind),
        "run": suite.run,
        "mode": suite.mode,
        "candidate": suite.candidate,
        "deployed": suite.deployed,
        "stopped": suite.stopped,
        "selection": suite.selection,
        "everything": suite.everything,
        "empty_is_fine": suite.empty_is_fine,
        "no_skips": suite.no_skips,
        "spend": {
            "tokens": spend.tokens,
            "cost": spend.cost,
            "judge_tokens": spend.judge_tokens,
            "judge_cost": spend.judge_cost,
            "known_cost": spend.known_cost,
            "judge_known_cost": spend.judge_known_cost,
        },
        "coverage": _coverage(suite.coverage) if suite.coverage else None,
        "comparing": comparing_object(suite.comparing),
        "compared": _compared(suite) if suite.comparing else None,
    }


def comparing_object(comparing: Comparing | None) -> Object | None:
    """With what a run is compared."""
    if comparing is None:
        return None
    return {
        "against": comparing.against,
        "here": comparing.here,
        "origin": comparing.origin,
        "distance": comparing.distance,
        "measured": comparing.measured,
        "fails": comparing.fails,
    }


def case_object(case: CaseResult) -> Object:
    """One conversation."""
    rate, usage = case.rate, case.usage
    return {
        "assistant": case.assistant,
        "id": case.id,
        "status": str(case.status),
        "where": where_object(case.where),
        "seconds": round(case.seconds, 3),
        "skipped": case.skipped,
        "failure": _failure(case.failure) if case.failure else None,
        "turns": [_turn(turn) for turn in case.turns],
        "name": case.name,
        "tags": list(case.tags),
        "kind": str(case.kind) if case.kind else None,
        "not_run": case.not_run,
        "closing": [_failure(failure) for failure in case.closing],
        "thread": case.thread,
        "kept": case.kept,
        "rate": {"passed": rate.passed, "ran": rate.ran, "needed": rate.needed, "planned": rate.planned}
        if rate
        else None,
        "repeats": [case_object(one) for one in case.repeats],
        "retries": case.retries,
        "deployed": case_object(case.deployed) if case.deployed else None,
        "began": round(case.began, 3),
        "tape": case.tape,
        "recorded": case.recorded,
        "tokens": usage.total_tokens if usage else None,
        "cost": case.cost,
        "judged": _usage(case.judged),
        "judge_cost": case.judge_cost,
        "comparison": _comparison(case.comparison) if case.comparison else None,
    }


def _turn(turn: TurnResult) -> Object:
    return {
        "number": turn.number,
        "status": str(turn.status),
        "user": turn.user,
        "calls": [
            {"name": c.name, "arguments": c.arguments, "output": c.output, "matched": c.matched} for c in turn.calls
        ],
        "reply": turn.reply,
        "failures": [_failure(failure) for failure in turn.failures],
        "seconds": round(turn.seconds, 3),
        "tokens": turn.tokens,
        "where": where_object(turn.where),
        "files": list(turn.files),
        "usage": _usage(turn.usage),
        "cost": turn.cost,
        "first_token": None if turn.first_token is None else round(turn.first_token, 3),
        "citations": [{"file": c.file, "text": c.text, "quote": c.quote} for c in turn.citations],
        "passages": [{"file": p.file, "score": p.score, "text": p.text} for p in turn.passages],
        "code": [{"input": c.input, "logs": c.logs, "images": c.images} for c in turn.code],
        "saved": turn.saved,
    }


def _failure(failure: Failure) -> Object:
    return {
        "kind": str(failure.kind),
        "message": failure.message,
        "error": failure.kind.is_error,
        "call": failure.call,
        "where": where_object(failure.where),
        "mismatches": [{"path": m.path, "expected": m.expected, "actual": m.actual} for m in failure.mismatches],
    }


def _compared(suite: SuiteResult) -> Object:
    found = suite.compared
    return {
        "said": found_words(found),
        "conversations": found.conversations,
        "alike": found.alike,
        "fewest": found.fewest,
        "most": found.most,
        "playings": found.playings,
        "calls": found.calls,
        "arguments": found.arguments,
        "far": found.far,
        "distances": list(found.distances),
        "uncompared": uncompared(suite),
    }


def _comparison(held: Comparison) -> Object:
    return {
        "differs": held.differs,
        "why_not": held.why_not,
        "undecided": held.undecided,
        "other": held.other,
        "verdicts_agree": held.verdicts_agree,
        "unmeasured": held.unmeasured,
        "turns": [
            {
                "number": turn.number,
                "missing": list(turn.missing),
                "added": list(turn.added),
                "arguments": [
                    {"function": one.function, "path": one.path, "before": one.before, "now": one.now}
                    for one in turn.arguments
                ],
                "before": turn.before,
                "distance": turn.distance,
                "far": turn.far,
                "likeness": turn.likeness,
                "unreached": turn.unreached,
            }
            for turn in held.turns
        ],
    }


def _usage(usage: Usage | None) -> Object | None:
    if usage is None:
        return None
    return {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}


def _coverage(coverage: Coverage) -> Object:
    return {
        "percentage": round(coverage.percentage, 2),
        "minimum": coverage.minimum,
        "exercised": coverage.exercised,
        "items": [
            {
                "assistant": item.assistant,
                "subject": str(item.subject),
                "name": item.name,
                "conversations": item.conversations,
                "where": where_object(item.where),
            }
            for item in coverage.items
        ],
    }
