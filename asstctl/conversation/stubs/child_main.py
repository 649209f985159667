"""What a child process runs to answer one call: `function(**arguments)` from one file, or a program of the project.

Run as a script by `child` in an isolated interpreter; imports nothing of this program, so that the code
under test sees none of it. What it says goes out as one JSON object; standard output belongs to the
function, and is led to standard error so that a stray `print` spoils no answer.

Its orders are the first line of standard input, which stays open behind it. When that ends, whoever gave them is gone:
then it ends itself and all that it has started, so that nothing outlives a killed `asstctl`.
"""

import _thread
import importlib.util
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


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
    return " ".join(filter(None, said)) or repr(problem)


def call(request: dict[str, Any]) -> dict[str, Any]:
    """Call the function; whatever it raises is an answer too."""
    function: Callable[..., Any] | None = None
    try:
        function = getattr(_load(request["file"]), request["function"])
        assert function is not None
        return {"output": _text(function(**request["arguments"]))}
    except (Exception, SystemExit) as problem:
        return {"error": _said(problem), "place": _place(problem, request["root"], function)}


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Run the program, and read what it prints as far as it counts."""
    import subprocess

    try:
        process = subprocess.Popen(  # noqa: S603  # no shell; which program it may be was decided before
            request["command"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    except OSError as problem:
        return {"error": f"it could not be started: {problem.strerror or problem}"}
    assert process.stdin is not None
    assert process.stdout is not None
    # A thread of its own: one that prints before it reads would wait for us, and we for it.
    _thread.start_new_thread(_feed, (process.stdin, json.dumps(request["arguments"], ensure_ascii=False).encode()))
    said = process.stdout.read(request["most"] + 1)
    if len(said) > request["most"]:
        return {"output": "x" * len(said)}  # too much, whatever it is
    status = process.wait()
    if status:
        return {"status": status}
    try:
        return {"output": said.decode().removesuffix("\n").removesuffix("\r")}
    except UnicodeDecodeError:
        return {"error": "what it printed is not UTF-8 text"}


def _feed(stdin: Any, arguments: bytes) -> None:
    try:
        stdin.write(arguments)
        stdin.close()
    except OSError:
        return  # it does not want to know them


def _orders(descriptor: int) -> dict[str, Any]:
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(descriptor, 65536)
        if not part:
            sys.exit(1)
        line += part
    orders: dict[str, Any] = json.loads(line)
    return orders


def _watch(descriptor: int) -> None:
    """End everything when nobody is there any more who could want the answer."""
    while os.read(descriptor, 65536):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)
    source = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    request = _orders(source)
    if os.getpgrp() == os.getpid():  # else the group is not ours alone
        _thread.start_new_thread(_watch, (source,))
    response = run(request) if "command" in request else call(request)
    with os.fdopen(answers, "w", encoding="utf-8") as out:
        json.dump(response, out)


if __name__ == "__main__":
    main()
