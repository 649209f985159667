"""Base URLs: what one looks like, and where a key may go; and that everybody who sends a key keeps to it."""

import pytest

from asstctl.core.base_url import broken_rule, is_loopback
from asstctl.core.errors import Refused
from asstctl.emulator.errors import UnknownReplies
from asstctl.emulator.replies.chat import ChatSettings
from asstctl.net.transport import check_address

CASES = [
    ("https://example.org/v1", True, None),
    ("HTTPS://example.org/v1", True, None),
    ("http://127.0.0.1:8000/v1", True, None),
    ("http://127.8.8.8/v1", True, None),
    ("http://[::1]:1/v1", True, None),
    ("http://localhost/v1", True, None),
    ("http://LocalHost/v1", True, None),
    ("http://example.org/v1", False, None),
    ("http://a.localhost/v1", False, None),
    ("http://a.localhost/v1", True, "insecure-key"),
    ("http://example.org/v1", True, "insecure-key"),
    ("http://10.0.0.1/v1", True, "insecure-key"),
    ("http://0.0.0.0/v1", True, "insecure-key"),
    ("http://127.0.0.1.example.org/v1", True, "insecure-key"),
    ("http://localhost.example.org/", True, "insecure-key"),
    ("https://me:pw@example.org/v1", False, "secret-in-file"),
    ("https://me@example.org/v1", False, "secret-in-file"),
    ("me:pw@example.org/v1", False, "secret-in-file"),
    ("https://me:pw@[::1/v1", False, "secret-in-file"),
    ("https://example.org/v1?key=pw", False, "secret-in-file"),
    ("https://example.org/v1#pw", False, "secret-in-file"),
    ("", False, "bad-url"),
    ("example.org/v1", False, "bad-url"),
    ("ftp://example.org", False, "bad-url"),
    ("http://", False, "bad-url"),
    ("https://[::1", False, "bad-url"),
    ("http://example.org:port/v1", False, "bad-url"),
    ("http://example.org:99999/v1", False, "bad-url"),
    ("http://exa mple.org/v1", False, "bad-url"),
    ("http://exa\nmple.org/v1", False, "bad-url"),
    ("http://127.0.0.1\\.example.org/v1", True, "bad-url"),
]


@pytest.mark.parametrize("url, has_key, code", CASES)
def test_which_rule_a_url_breaks(url: str, has_key: bool, code: str | None) -> None:
    """The words never repeat what may be secret."""
    broken = broken_rule(url, has_key=has_key)

    assert (broken and broken.code) == code
    assert "pw" not in f"{broken}"
    assert (broken is not None and broken.secret) is (code == "secret-in-file")


@pytest.mark.parametrize("url, has_key, code", CASES)
def test_nobody_who_sends_a_key_is_laxer(url: str, has_key: bool, code: str | None) -> None:
    """The HTTP client and the embedded server's chat replies take what the rule takes, and nothing else."""
    settings = {"base_url": url, "api_key": "sk-secret" if has_key else None}
    if code is None:
        assert check_address(url, has_key=has_key).hostname
        assert ChatSettings.read(settings).base_url
        return
    with pytest.raises(Refused) as caught:
        check_address(url, has_key=has_key)
    assert "pw" not in f"{caught.value}"
    with pytest.raises(UnknownReplies) as refused:
        ChatSettings.read(settings)
    assert "pw" not in f"{refused.value}"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("app.localhost", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("10.0.0.1", False),
        ("example.org", False),
    ],
)
def test_loopback_is_this_machine_alone(host: str, loopback: bool) -> None:
    """Names that only look like it are not."""
    assert is_loopback(host) is loopback
