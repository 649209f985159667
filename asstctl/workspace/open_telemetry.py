"""OpenTelemetry: spans for whoever collects traces. The only module that knows the library (the extra `otel`).

The SDK and an exporter are the user's: a provider that is there already is used, else one is made as the standard
variables say. What goes wrong with the sending of spans ends no command; it is said once, without anybody's words.
"""

import logging
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self

from asstctl._version import __version__
from asstctl.core.errors import AsstctlError, Refused
from asstctl.core.json_types import EMPTY
from asstctl.core.spans import ERROR
from asstctl.core.trace_wish import Wish
from asstctl.core.tracing import UNTRACED, Attributes, Begun, Tracer, Value

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer as Library

PATIENCE = 5.0
"""Seconds that a command waits, at its end, for its last spans to be sent."""

INSTALL = "pip install 'asstctl[otel]' opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"

_EXPORTERS = "opentelemetry_traces_exporter"
_OTLP = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}
_PARENT = "TRACEPARENT"


def opened(environ: Mapping[str, str], *, hosts: frozenset[str], told: Callable[[str], None], wish: Wish) -> Tracer:
    """A tracer that sends spans. Where something is missing: Refused if the wish is YES, else one that does nothing.

    `hosts` are told of the trace that their requests are a part of.
    """
    try:
        from opentelemetry import trace
    except ImportError:
        return _without("the library opentelemetry-api is not installed", wish)
    provider = trace.get_tracer_provider()
    if not isinstance(provider, trace.ProxyTracerProvider):
        flush = getattr(provider, "force_flush", None)
        return OpenTelemetryTracer(provider.get_tracer("asstctl", __version__), environ, hosts, told, flush)
    if wish is Wish.IF_THERE:
        return UNTRACED
    try:
        from opentelemetry.sdk.trace import TracerProvider  # noqa: F401 - whether it is there
    except ImportError:
        return _without("the library opentelemetry-sdk is not installed", wish)
    names = _exporter_names(environ)
    loaded = {one.name: one for one in entry_points(group=_EXPORTERS)}
    if missing := [name for name in names if name not in loaded]:
        return _without(f"no exporter {missing[0]!r} is installed", wish)
    complaints, odd = _Troubles(), "a variable OTEL_... holds what OpenTelemetry does not take"
    try:
        made = _provider([loaded[name].load()() for name in names])
    except Exception as error:  # whatever an exporter or the SDK raises, by its name alone: a value may be a key
        odd = f"{odd} ({type(error).__name__})"
        if wish is Wish.YES:
            raise Refused("nothing can be traced", detail=odd, hint="Correct it, or: export ASSTCTL_TRACE=0") from error
        told(f"nothing is traced: {odd}")
        return UNTRACED
    finally:
        complaints.close()
    if complaints.seen:
        told(f"{odd}, and it goes on without that")
    return OpenTelemetryTracer(made.get_tracer("asstctl", __version__), environ, hosts, told, made.shutdown)


def _without(detail: str, wish: Wish) -> Tracer:
    if wish is Wish.YES:
        raise Refused("nothing can be traced", detail=detail, hint=INSTALL)
    return UNTRACED


def _exporter_names(environ: Mapping[str, str]) -> list[str]:
    """The exporters that the standard variables name, as they are registered."""
    written = environ.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    return [_otlp(environ) if name == "otlp" else name for part in written.split(",") if (name := part.strip())]


def _otlp(environ: Mapping[str, str]) -> str:
    """The exporter of the protocol that is set; where none is, the one that is installed."""
    protocol = environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") or ""
    if protocol.strip():
        return _OTLP.get(protocol.strip(), protocol.strip())
    installed = {one.name for one in entry_points(group=_EXPORTERS)}
    return next((name for name in _OTLP.values() if name in installed), _OTLP["http/protobuf"])


def _provider(exporters: list[object]) -> "TracerProvider":
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

    resource = Resource.create()
    if str(resource.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: "asstctl", SERVICE_VERSION: __version__}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    for exporter in exporters:
        assert isinstance(exporter, SpanExporter)
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


class OpenTelemetryTracer:
    """A Tracer over the library's. `finish` sends what waits."""

    def __init__(
        self,
        library: "Library",
        environ: Mapping[str, str] = EMPTY,
        hosts: frozenset[str] = frozenset(),
        told: Callable[[str], None] = lambda text: None,
        finish: Callable[[], object] | None = None,
    ) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._library = library
        self._hosts = hosts
        self._told = told
        self._finish = finish
        # a CI service that traces its jobs names the job's span so
        self._around = TraceContextTextMapPropagator().extract({"traceparent": environ.get(_PARENT, "")})
        self._troubles = _Troubles()

    def span(self, begun: Begun) -> "_Span":
        return _Span(self._library, begun, self._around, self._hosts)

    def close(self) -> None:
        """Send what waits, for no longer than PATIENCE: a collector that is gone must not hold a command up."""
        if self._finish is not None:
            sending = Thread(target=self._finish, name="last spans", daemon=True)
            sending.start()
            sending.join(PATIENCE)
            if sending.is_alive():
                self._troubles.seen = True
        self._troubles.close()
        if self._troubles.seen:
            self._told("not all of the trace was sent: its collector does not take it")


class _Span:
    """One span of the library, as a context."""

    def __init__(self, library: "Library", begun: Begun, around: "Context", hosts: frozenset[str]) -> None:
        self._library = library
        self._begun = begun
        self._around = around
        self._hosts = hosts

    def __enter__(self) -> Self:
        from opentelemetry import context, trace

        inside = trace.get_current_span().get_span_context().is_valid
        self._span = self._library.start_span(
            self._begun.name,
            context=None if inside else self._around,
            kind=trace.SpanKind.CLIENT if self._begun.remote else trace.SpanKind.INTERNAL,
            attributes=_known(self._begun.attributes),
        )
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from opentelemetry import context

        if error is not None:
            # by its code alone: its words may be anybody's
            self.failed(error.code if isinstance(error, AsstctlError) else type(error).__name__)
        context.detach(self._token)
        self._span.end()

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(_known(attributes))

    def failed(self, kind: str) -> None:
        from opentelemetry.trace import StatusCode

        self._span.set_status(StatusCode.ERROR)
        self._span.set_attribute(ERROR, kind)

    def carried_to(self, host: str) -> Mapping[str, str]:
        if host.lower() not in self._hosts:
            return EMPTY
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier)
        # of what else a context may carry nothing is ours to tell
        return {name: value for name, value in carrier.items() if name == "traceparent"}


class _Troubles(logging.Handler):
    """Whether the library complained of anything; it would do so on stderr."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen = False
        self._logger = logging.getLogger("opentelemetry")
        self._propagated = self._logger.propagate
        self._logger.propagate = False
        self._logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.seen = True

    def close(self) -> None:
        self._logger.removeHandler(self)
        self._logger.propagate = self._propagated
        super().close()


def _known(attributes: Attributes) -> dict[str, Value]:
    return {name: value for name, value in attributes.items() if value is not None}
