"""Names of files, as checks compare them: with wildcards, and without the folder where one side has none."""

from fnmatch import fnmatchcase


def is_file(pattern: str, name: str) -> bool:
    """Whether a file by this name is meant. Providers know most files by the last part of their path."""
    if "/" not in name or "/" not in pattern:
        pattern, name = pattern.rpartition("/")[2], name.rpartition("/")[2]
    return fnmatchcase(name, pattern)


def no_file(value: object) -> str | None:
    """Refuses what names no file."""
    return None if isinstance(value, str) and value else "takes the name of a file, `*` and `?` allowed"
