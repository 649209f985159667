"""What a child process runs to answer one call: `function(**arguments)` from one file, result as JSON.

Run as a script by `child` in an isolated interpreter; imports nothing of this program, so that the code
under test sees none of it. What it says goes out as one JSON object; standard output belongs to the
function, and is led to standard error so that a stray `print` spoils no answer.
"""

import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

_LONGEST = 1000


def _load(file: str) -> Any:
    # Behind the standard library: a neighbour named json.py must not replace it.
    sys.path.append(str(Path(file).parent))
    name = f"asstctl_stub_{Path(file).stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _text(result: Any) -> str:
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, allow_nan=False)
    text.encode()  # half of a surrogate pair cannot be sent
    return text


def _place(problem: BaseException, root: str, function: Callable[..., Any] | None) -> tuple[str, int] | None:
    """The innermost line of the project that has to do with it."""
    if isinstance(problem, SyntaxError) and problem.filename:
        return problem.filename, problem.lineno or 1
    frames = [f for f in traceback.extract_tb(problem.__traceback__) if f.filename.startswith(root + os.sep)]
    frames = [f for f in frames if f.filename != __file__]
    if frames:
        return frames[-1].filename, frames[-1].lineno or 1
    code = getattr(function, "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else None


def _said(problem: BaseException) -> str:
    """An exception in one line: its type, and its text however many lines that has."""
    said = [part.strip() for part in "".join(traceback.format_exception_only(problem)).splitlines()]
    if isinstance(problem, SyntaxError):  # the lines before show the code, whose place is given anyway
        said = said[-1:]
    return " ".join(filter(None, said))[:_LONGEST] or repr(problem)


def respond(request: dict[str, Any]) -> dict[str, Any]:
    """Carry out one request; whatever the function raises is an answer too."""
    function: Callable[..., Any] | None = None
    try:
        function = getattr(_load(request["file"]), request["function"])
        assert function is not None
        return {"output": _text(function(**request["arguments"]))}
    except (Exception, SystemExit) as problem:
        return {"error": _said(problem), "place": _place(problem, request["root"], function)}


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)
    response = respond(json.load(sys.stdin.buffer))
    with os.fdopen(answers, "w", encoding="utf-8") as out:
        json.dump(response, out)


if __name__ == "__main__":
    main()
