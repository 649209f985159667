"""Base URLs: what one may look like, and where a key may go.

The one rule for every address that a key is sent to. It is a value that says what is wrong: `manifest`
places it in a file, `net` raises it before anything is sent. The emulator, a program of its own, keeps a copy
that tests hold against this one. Nothing is resolved: a name is what it says.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """Why a base URL may not be used; `code` is a diagnostic's. `secret`: the URL itself must not be shown."""

    code: str
    summary: str
    hint: str
    secret: bool = False


def broken_rule(url: str, *, has_key: bool) -> BrokenRule | None:
    """The first rule that a base URL breaks; None for one that may be used."""
    try:
        parts = urlsplit(url)
        scheme, host, authority, _ = parts.scheme, parts.hostname, parts.netloc, parts.port
    except ValueError:
        scheme, host, authority = "", None, ""
    # where no host can be told from the rest, nobody knows what is a password either
    if "?" in url or "#" in url or "@" in (authority or url):
        summary = "`base_url` holds a name, a password or a query, which may be secret"
        return BrokenRule("secret-in-file", summary, "use `api_key: {env: NAME}`", secret=True)
    # programs differ over which host a backslash or a line end makes of the rest
    if scheme not in {"http", "https"} or not host or not url.isprintable() or " " in url or "\\" in url:
        return BrokenRule("bad-url", "`base_url` is not an http or https URL", "write https://HOST/v1")
    if has_key and scheme == "http" and not is_loopback(host):
        summary = f"the key would go to `{host}` unencrypted"
        return BrokenRule("insecure-key", summary, "use https, or a server on this machine")
    return None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine for certain. Names under `.localhost` are not: resolvers ask others for them."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
