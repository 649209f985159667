"""What is allowed from outside of the checkout: where keys may go in CI, and which environment names files may read.

A pull request can change every file of a project, so neither can be said in one. Both are variables of the
environment, which whoever owns the pipeline sets there. The token of a forge is another matter: it goes to the address
that the runner names, which no checkout can change (`forges.api`).
"""

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from asstctl.core.base_url import is_loopback
from asstctl.core.errors import Refused

HOSTS = "ASSTCTL_ALLOW_HOSTS"
NAMES = "ASSTCTL_ALLOW_ENV"

CI_SERVICES = (
    "TF_BUILD",  # Azure Pipelines
    "JENKINS_URL",
    "HUDSON_URL",
    "TEAMCITY_VERSION",
    "CODEBUILD_BUILD_ID",  # AWS CodeBuild
    "bamboo_buildKey",
    "GO_PIPELINE_NAME",  # GoCD
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "BITBUCKET_BUILD_NUMBER",
)
"""Names that CI services set beside `CI`, or in place of it."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether nobody watches: most CI services set `CI`, and each of the others a name of its own."""
    return environ.get("CI", "").strip().lower() not in {"", "false", "0"} or any(
        environ.get(name) for name in CI_SERVICES
    )


def check_key_host(url: str, environ: Mapping[str, str], *, own: str = "") -> None:
    """Raises Refused where a key must not go to this address; the way on names what to set where. `own` is the
    provider's built-in address, which no project file can change: its host is always allowed.

    That is checked in CI, and wherever ASSTCTL_ALLOW_HOSTS is set: an unknown CI service is held to it too. An entry
    of it is a host at its usual port, or HOST:PORT; no pattern is one.
    """
    if HOSTS not in environ and not in_ci(environ):
        return
    parts = urlsplit(url)
    host = _plain(parts.hostname or "")
    if is_loopback(host) or (own and _origin(parts) == _origin(urlsplit(own))):
        return
    port = _origin(parts)[2]
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
            f"no key goes to {wanted} from here",
            detail=f"in CI, and wherever {HOSTS} is set, keys go only to hosts that it names: "
            "a pull request could have put this one into asstctl.yaml",
            hint=f"Add {wanted} to {HOSTS} where your pipeline sets its variables, not in the checkout.",
        )


def readable(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment as far as files may read it: all of it, or what ASSTCTL_ALLOW_ENV names once that is set."""
    if NAMES not in environ:
        return environ
    names = _entries(environ[NAMES])
    return {name: value for name, value in environ.items() if name in names}


def how_to_read(name: str) -> str:
    """The hint for a name that is set and that ASSTCTL_ALLOW_ENV keeps from files."""
    return f"add {name} to {NAMES} where that is set, outside of the checkout"


def _entries(text: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, _plain(parts.hostname or ""), parts.port or _DEFAULT_PORTS[parts.scheme]


def _plain(host: str) -> str:
    return host.lower().rstrip(".")


def _is_host(entry: str) -> bool:
    """Whether an entry is HOST or HOST:PORT and nothing cleverer."""
    try:
        parts = urlsplit(f"//{entry}")
        return bool(parts.hostname) and parts.netloc == entry and parts.port != 0 and not set("*@") & set(entry)
    except ValueError:
        return False
