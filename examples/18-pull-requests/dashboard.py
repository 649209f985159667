"""Plays the colleague with the dashboard: changes the temperature of the assistant on prod, behind git's back."""

import json
import re
import urllib.request
from pathlib import Path
from typing import Any


def main() -> None:
    found = re.search(r'base_url: "(.+)"', Path("asstctl.yaml").read_text("utf-8"))
    assert found
    tutor = ask(f"{found[1]}/assistants")["data"][0]
    changed = ask(f"{found[1]}/assistants/{tutor['id']}", {"temperature": 0.9})
    print(f"{changed['name']}: temperature is {changed['temperature']} now")


def ask(url: str, body: dict[str, object] | None = None) -> Any:
    """One request; a POST when there is something to say."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "openai-beta": "assistants=v2"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main()
