"""What is allowed from outside of the checkout: where keys may go in CI, and which environment names files may read.

A pull request can change every file of a project, so neither can be said in one. Both are variables of the
environment, which whoever owns the pipeline sets there.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from asstctl.core.base_url import is_loopback
from asstctl.core.errors import Refused

HOSTS = "ASSTCTL_ALLOW_HOSTS"
NAMES = "ASSTCTL_ALLOW_ENV"

_DEFAULT_PORTS = {"http": 80, "https": 443}


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether nobody watches: what every CI service says of itself."""
    return environ.get("CI", "").strip().lower() not in {"", "false", "0"}


def check_key_host(url: str, environ: Mapping[str, str]) -> None:
    """Raises Refused where a key must not go to this address from CI; the way on names what to set where.

    An entry of ASSTCTL_ALLOW_HOSTS is a host at its usual port, or HOST:PORT; no pattern is one.
    """
    if not in_ci(environ):
        return
    parts = urlsplit(url)
    host = _plain(parts.hostname or "")
    if is_loopback(host):
        return
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    name = f"[{host}]" if ":" in host else host
    wanted = name if port == _DEFAULT_PORTS[parts.scheme] else f"{name}:{port}"
    entries = _entries(environ.get(HOSTS, ""))
    for entry in entries:
        if not _is_host(entry):
            raise Refused(
                f"{HOSTS} holds what is no host",
                detail=f"{entry}: hosts are written out, HOST or HOST:PORT, separated by commas",
                hint=f"Correct {HOSTS} where your pipeline sets its variables.",
            )
    if not {wanted, f"{name}:{port}"} & {_plain(entry) for entry in entries}:
        raise Refused(
            f"in CI no key goes to {wanted}",
            detail=f"{HOSTS} does not name it, and a pull request could have put it into asstctl.yaml",
            hint=f"Add {wanted} to {HOSTS} where your pipeline sets its variables, not in the checkout.",
        )


def readable(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment as far as files may read it: all of it, or what ASSTCTL_ALLOW_ENV names once that is set."""
    if NAMES not in environ:
        return environ
    names = _entries(environ[NAMES])
    return {name: value for name, value in environ.items() if name in names}


def _entries(text: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


def _plain(host: str) -> str:
    return host.lower().rstrip(".")


def _is_host(entry: str) -> bool:
    """Whether an entry is HOST or HOST:PORT and nothing cleverer."""
    try:
        parts = urlsplit(f"//{entry}")
        return bool(parts.hostname) and parts.netloc == entry and parts.port != 0 and not set("*@") & set(entry)
    except ValueError:
        return False
