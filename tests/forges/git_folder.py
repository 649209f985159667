"""A git repository as the stand-ins for its hosts know it: a real one, asked with git."""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

How = Literal["merge", "squash", "rebase"]

_WHO = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Dev",
    "GIT_AUTHOR_EMAIL": "dev@example.com",
    "GIT_COMMITTER_NAME": "Dev",
    "GIT_COMMITTER_EMAIL": "dev@example.com",
}


@dataclass(frozen=True)
class GitFolder:
    """A folder with a repository in it; `made` begins one."""

    path: Path

    @classmethod
    def made(cls, path: Path) -> "GitFolder":
        """A new repository whose branch is `main`, with nothing in it."""
        path.mkdir(parents=True, exist_ok=True)
        folder = cls(path)
        folder.git("init", "-q", "-b", "main")
        return folder

    def git(self, *words: str) -> str:
        """What git says."""
        done = subprocess.run(
            ["git", "-C", str(self.path), *words], env={**os.environ, **_WHO}, capture_output=True, text=True
        )
        if done.returncode:
            raise LookupError(f"git {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | None], *, branch: str = "", message: str = "change") -> str:
        """Write files (None: delete one) on a branch, which is made where there is none; the commit."""
        if branch and branch != self.git("branch", "--show-current"):
            new = () if self.has(f"refs/heads/{branch}") else ("-b",)
            self.git("checkout", "-q", *new, branch)
        for name, text in files.items():
            place = self.path / name
            if text is None:
                place.unlink()
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, "utf-8")
        self.git("add", "-A", "--", *files)
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.sha("HEAD")

    def sha(self, name: str) -> str:
        """The commit that a name means. Raises LookupError."""
        return self.git("rev-parse", "--verify", "-q", f"{name}^{{commit}}")

    def has(self, name: str) -> bool:
        """Whether a name means a commit."""
        try:
            self.sha(name)
        except LookupError:
            return False
        return True

    def contains(self, commit: str, ancestor: str) -> bool:
        """Whether a commit has another one, or is it."""
        return self.git("merge-base", commit, ancestor) == self.sha(ancestor)

    def between(self, base: str, head: str) -> list[str]:
        """The commits of `head` that `base` has not, oldest first."""
        return self.git("rev-list", "--reverse", f"{base}..{head}").split()

    def tree(self, name: str) -> list[dict[str, str]]:
        """The entries of one folder, by the name of a commit or a tree."""
        entries = []
        for line in filter(None, self.git("ls-tree", "-z", name).split("\0")):
            about, _, path = line.partition("\t")
            mode, kind, sha = about.split()
            entries.append({"path": path, "mode": mode, "type": kind, "sha": sha})
        return entries

    def merged(self, base: str, head: str, how: How = "merge", message: str = "Merge") -> str:
        """A commit that brings `head` into `base`; no branch is moved and no file is touched."""
        if how == "rebase":
            return self._rebased(base, head)
        tree = self.git("merge-tree", "--write-tree", base, head).splitlines()[0]
        parents = [base, head] if how == "merge" else [base]
        return self.git("commit-tree", tree, *(word for one in parents for word in ("-p", one)), "-m", message)

    def _rebased(self, base: str, head: str) -> str:
        with tempfile.TemporaryDirectory() as beside:
            place = GitFolder(Path(beside) / "tree")
            self.git("worktree", "add", "-q", "--detach", str(place.path), base)
            place.git("cherry-pick", *self.between(base, head))
            made = place.sha("HEAD")
            self.git("worktree", "remove", "--force", str(place.path))
            return made

    def move(self, branch: str, commit: str) -> None:
        """Set a branch to a commit, with its files where it is checked out."""
        if branch == self.git("branch", "--show-current"):
            self.git("reset", "-q", "--hard", commit)
        else:
            self.git("update-ref", f"refs/heads/{branch}", commit)
