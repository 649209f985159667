"""Plays the colleague with the dashboard: changes the temperature of the assistant, behind git's back.

It starts the embedded server on the target's own database, as any client could, and speaks plain HTTP to it.
"""

import json
import subprocess
import sys
import urllib.request
from typing import Any


def main() -> None:
    serve = [sys.executable, "-m", "asstctl.emulator", "--database", ".asstctl/local.db"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().removeprefix("listening on ").strip()
        try:
            tutor = ask(f"{url}/assistants")["data"][0]
            changed = ask(f"{url}/assistants/{tutor['id']}", {"temperature": 0.9})
            print(f"{changed['name']}: temperature is {changed['temperature']} now")
        finally:
            server.terminate()


def ask(url: str, body: dict[str, object] | None = None) -> Any:
    """One request; a POST when there is something to say."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "openai-beta": "assistants=v2"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main()
