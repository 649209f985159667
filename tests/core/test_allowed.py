"""What an environment allows: where keys go in CI, and which names files may read."""

import pytest

from asstctl.core.allowed import check_key_host, in_ci, readable
from asstctl.core.errors import Refused


@pytest.mark.parametrize(
    ("value", "result"), [("true", True), ("1", True), ("yes", True), ("", False), ("0", False), ("False", False)]
)
def test_ci_is_what_says_so(value: str, result: bool) -> None:
    assert in_ci({"CI": value}) is result
    assert not in_ci({})


@pytest.mark.parametrize(
    "name", ["TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID", "bamboo_buildKey", "GITHUB_ACTIONS"]
)
@pytest.mark.parametrize("ci", [{}, {"CI": "false"}])
def test_a_service_with_a_name_of_its_own_is_ci_whatever_ci_says(name: str, ci: dict[str, str]) -> None:
    assert in_ci({**ci, name: "https://builds.example.com/7"})
    assert not in_ci({**ci, name: ""})


@pytest.mark.parametrize("allowed", ["", "gateway.example.com"])
def test_where_hosts_are_allowed_keys_go_to_no_other_in_ci_or_not(allowed: str) -> None:
    with pytest.raises(Refused):
        check_key_host("https://evil.example/v1", {"ASSTCTL_ALLOW_HOSTS": allowed})
    check_key_host("http://127.0.0.1:4000/v1", {"ASSTCTL_ALLOW_HOSTS": allowed})
    check_key_host("https://evil.example/v1", {})


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:4000/v1", ""),
        ("http://localhost:4000/v1", ""),
        ("http://[::1]:4000/v1", ""),
        ("https://gateway.example.com/v1", "gateway.example.com"),
        ("https://gateway.example.com/v1", "other.example, GATEWAY.example.com."),
        ("https://gateway.example.com/v1", "gateway.example.com:443"),
        ("https://gateway.example.com:4000/v1", "gateway.example.com:4000"),
        ("https://GATEWAY.example.com./v1", "gateway.example.com"),
        ("https://[2001:db8::1]/v1", "[2001:db8::1]"),
    ],
)
def test_a_key_goes_to_this_machine_and_to_hosts_that_are_allowed(url: str, allowed: str) -> None:
    check_key_host(url, {"CI": "true", "ASSTCTL_ALLOW_HOSTS": allowed})


@pytest.mark.parametrize(
    ("url", "allowed", "wanted"),
    [
        ("https://gateway.example.com/v1", "", "gateway.example.com"),
        ("https://gateway.example.com/v1", "example.com", "gateway.example.com"),
        ("https://evil-example.com/v1", "example.com", "evil-example.com"),
        ("https://example.com.evil.org/v1", "example.com", "example.com.evil.org"),
        ("https://example.com:4000/v1", "example.com", "example.com:4000"),
        ("https://example.com/v1", "example.com:4000", "example.com"),
        ("https://localhost.evil.org/v1", "", "localhost.evil.org"),
        ("https://app.localhost/v1", "", "app.localhost"),
    ],
)
def test_any_other_host_is_refused_with_what_to_add(url: str, allowed: str, wanted: str) -> None:
    with pytest.raises(Refused) as refused:
        check_key_host(url, {"CI": "true", "ASSTCTL_ALLOW_HOSTS": allowed})
    assert refused.value.hint.startswith(f"Add {wanted} to ASSTCTL_ALLOW_HOSTS")
    check_key_host(url, {})


@pytest.mark.parametrize(
    ("url", "goes"),
    [
        ("https://api.openai.com/v1", True),
        ("https://API.openai.com./v2", True),
        ("https://api.openai.com:443/v1", True),
        ("https://api.openai.com:4000/v1", False),
        ("http://api.openai.com/v1", False),
        ("https://eu.api.openai.com/v1", False),
        ("https://api.openai.com.evil.org/v1", False),
    ],
)
@pytest.mark.parametrize("environ", [{"CI": "true"}, {"ASSTCTL_ALLOW_HOSTS": ""}])
def test_a_key_always_goes_to_the_providers_own_host(url: str, goes: bool, environ: dict[str, str]) -> None:
    """No pull request can change what is built in."""
    if goes:
        check_key_host(url, environ, own="https://api.openai.com/v1")
        return
    with pytest.raises(Refused):
        check_key_host(url, environ, own="https://api.openai.com/v1")


@pytest.mark.parametrize(
    "entry", ["*", "*.example.com", "https://example.com", "example.com/v1", "a@b", "h:99999", "h:0"]
)
def test_an_entry_that_is_no_host_is_refused(entry: str) -> None:
    with pytest.raises(Refused, match="holds what is no host"):
        check_key_host("https://example.com/v1", {"CI": "1", "ASSTCTL_ALLOW_HOSTS": f"example.com,{entry}"})


def test_only_names_that_are_allowed_are_read_once_any_are() -> None:
    environ = {"A": "1", "B": "2"}
    assert readable(environ) == environ
    assert readable({**environ, "ASSTCTL_ALLOW_ENV": " B , C"}) == {"B": "2"}
    assert readable({**environ, "ASSTCTL_ALLOW_ENV": ""}) == {}
