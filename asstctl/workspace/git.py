"""The user's own git, asked without giving what lies in a checkout a way to run anything."""

import os
import subprocess
from pathlib import Path


class NoAnswer(Exception):
    """Git did not say what it was asked for; the message is why, in its own words where it had any."""


class NoGit(NoAnswer):
    """There is no git on this machine."""


class NoRepository(NoAnswer):
    """The folder lies in no repository."""


def ask_git(root: Path, *arguments: str, seconds: float = 5) -> bytes:
    """What git prints, asked in a folder. Raises NoAnswer: NoGit where there is none, NoRepository where
    it finds nothing to ask."""
    try:
        # a repository's own configuration may name programs, for watching files and for fetching what is missing
        answer = subprocess.run(  # noqa: S603 - the arguments are ours, but for a revision and a path that git checks
            ["git", "-c", "core.fsmonitor=", *arguments],  # noqa: S607 - the user's own git
            cwd=root,
            # git speaks the language of whoever asks, and one thing that it says is told by its words
            env={**os.environ, "GIT_ALLOW_PROTOCOL": "", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise NoGit("there is no git") from error
    except subprocess.TimeoutExpired as error:
        raise NoAnswer(f"git did not answer within {seconds:g} s") from error
    except (OSError, ValueError) as error:
        raise NoAnswer(f"git could not be asked: {error}") from error
    if answer.returncode:
        said = answer.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[0] if said else f"git ended with {answer.returncode}"
        raise NoRepository(why) if "not a git repository" in why else NoAnswer(why)
    return answer.stdout
