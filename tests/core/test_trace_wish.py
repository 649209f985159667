"""Whether a run is traced is said by the environment."""

from collections.abc import Mapping

import pytest

from asstctl.core.errors import WrongUsage
from asstctl.core.trace_wish import Wish, told_hosts, wish


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, Wish.NO),
        ({"ASSTCTL_TRACE": ""}, Wish.NO),
        ({"ASSTCTL_TRACE": "1"}, Wish.YES),
        ({"ASSTCTL_TRACE": " True "}, Wish.YES),
        ({"ASSTCTL_TRACE": "0", "OTEL_TRACES_EXPORTER": "otlp"}, Wish.NO),
        ({"ASSTCTL_TRACE": "1", "OTEL_TRACES_EXPORTER": "none"}, Wish.YES),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, Wish.IF_POSSIBLE),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, Wish.NO),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, Wish.IF_POSSIBLE),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318"}, Wish.IF_POSSIBLE),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, Wish.NO),
        ({"OTEL_PYTHON_TRACER_PROVIDER": "sdk_tracer_provider"}, Wish.IF_POSSIBLE),
        ({"OTEL_SERVICE_NAME": "deploys"}, Wish.NO),
    ],
)
def test_the_switch_goes_before_the_standard_variables(environ: Mapping[str, str], wanted: Wish) -> None:
    assert wish(environ, modules=()) is wanted


def test_where_the_library_is_loaded_somebody_may_collect() -> None:
    """As `opentelemetry-instrument` does in the process that it starts a program in."""
    loaded = ("opentelemetry.trace",)

    assert wish({}, loaded) is Wish.IF_THERE
    assert wish({"OTEL_SDK_DISABLED": "true"}, loaded) is Wish.NO


def test_another_word_is_wrong_usage() -> None:
    with pytest.raises(WrongUsage, match="ASSTCTL_TRACE is neither 0 nor 1"):
        wish({"ASSTCTL_TRACE": "maybe"})


def test_hosts_are_named_in_one_variable() -> None:
    assert told_hosts({}) == frozenset()
    assert told_hosts({"ASSTCTL_TRACE_HOSTS": "Proxy.example, ,127.0.0.1"}) == {"proxy.example", "127.0.0.1"}
