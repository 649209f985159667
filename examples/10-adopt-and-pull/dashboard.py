"""Plays the colleague with the dashboard: makes an assistant there, or changes one.

    python dashboard.py create NAME
    python dashboard.py change NAME FIELD VALUE

It starts the embedded server on the target's own database, as any client could, and speaks plain HTTP to it.
"""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any


def main(command: str, name: str, *change: str) -> None:
    Path(".asstctl").mkdir(exist_ok=True)
    serve = [sys.executable, "-m", "asstctl.emulator", "--database", ".asstctl/local.db"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().removeprefix("listening on ").strip()
        try:
            if command == "create":
                made = ask(f"{url}/assistants", {"name": name, "model": "gpt-4o", "instructions": "Be kind."})
                print(f"ID={made['id']}")
                return
            (found,) = (one for one in ask(f"{url}/assistants")["data"] if one["name"] == name)
            field, value = change
            changed = ask(f"{url}/assistants/{found['id']}", {field: value})
            print(f"{name}: {field} is {changed[field]!r} now")
        finally:
            server.terminate()


def ask(url: str, body: dict[str, object] | None = None) -> Any:
    """One request; a POST when there is something to say."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "openai-beta": "assistants=v2"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
