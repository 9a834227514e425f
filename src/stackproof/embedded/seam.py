"""The one call seam: every AWS call of a session passes here, below the client's retries.

A call is (principal, service, operation, parameters); what happens to it, in this order:

1. a caller whose process was killed dies again;
2. every interceptor sees the call and may raise: `AwsError` (the answer is that error), `ProcessKilled` (the caller
   dies before the call has an effect);
3. the operation runs: an override of ours if there is one, else moto; an amendment may complete the answer;
4. every observer sees the call with its answer and may raise likewise: an `AwsError` replaces an answer whose effect
   stays, `ProcessKilled` kills the caller after the effect.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest import mock

import botocore.handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.model import OperationModel
from botocore.parsers import ResponseParserFactory
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from stackproof.embedded.clock import Clock
from stackproof.embedded.errors import AwsError, EmbeddedError, ProcessKilled
from stackproof.embedded.identity import Identities, Principal
from stackproof.embedded.wire import serialize


@dataclass(frozen=True, kw_only=True)
class Call:
    """One attempt of one AWS call. `service` and `operation` are botocore's names (`dynamodb`, `PutItem`);
    `parameters` are what the code passed; `number` counts the calls of the session from 1."""

    number: int
    at: datetime
    principal: Principal
    service: str
    operation: str
    parameters: Mapping[str, Any]

    @property
    def name(self) -> str:
        """`service:Operation`."""
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: the HTTP `status`, the `parsed` body (without streams), and the `error` if it was one."""

    status: int
    parsed: Mapping[str, Any] = field(default_factory=dict)
    error: AwsError | None = None


Interceptor = Callable[[Call], None]
Observer = Callable[[Call, Answer], None]
Override = Callable[[Call], Mapping[str, Any]]
Amendment = Callable[[Call, dict[str, Any]], Mapping[str, Any] | None]


class Seam:
    """Where calls are observed, denied, delayed, throttled, failed after their effect, or their caller killed."""

    def __init__(self, *, clock: Clock, identities: Identities) -> None:
        self._clock = clock
        self._identities = identities
        self._interceptors: list[Interceptor] = []
        self._observers: list[Observer] = []
        self._overrides: dict[tuple[str, str], Override] = {}
        self._amendments: dict[tuple[str, str], Amendment] = {}
        self._current = threading.local()
        self._lock = threading.RLock()
        self._stack = ExitStack()
        self._parsers = ResponseParserFactory()
        self.count = 0
        self.broken: EmbeddedError | None = None

    def intercept(self, interceptor: Interceptor, *, first: bool = False) -> None:
        """Let `interceptor` see every call before it runs."""
        self._interceptors.insert(0 if first else len(self._interceptors), interceptor)

    def observe(self, observer: Observer) -> None:
        """Let `observer` see every call with its answer."""
        self._observers.append(observer)

    def remove(self, hook: Interceptor | Observer) -> None:
        """Take an interceptor or observer out again."""
        self._interceptors = [i for i in self._interceptors if i != hook]
        self._observers = [o for o in self._observers if o != hook]

    def override(self, service: str, operation: str, handler: Override) -> None:
        """Answer an operation ourselves; `handler` returns the operation's output shape as a dict."""
        if (service, operation) in self._overrides:
            raise EmbeddedError(f"{service}:{operation} is overridden already.")
        self._overrides[service, operation] = handler

    def amend(self, service: str, operation: str, handler: Amendment) -> None:
        """Complete a good answer of an operation; `handler` gets the parsed answer and returns the whole new one, or
        None to leave it as it is."""
        if (service, operation) in self._amendments:
            raise EmbeddedError(f"{service}:{operation} is amended already.")
        self._amendments[service, operation] = handler

    @contextmanager
    def unlocked(self) -> Iterator[None]:
        """For a call that waits for a process which makes calls itself, in threads perhaps: a synchronous invocation.
        Its caller has paused, so calls stay one after the other as far as anybody can tell."""
        held = self._lock._release_save()  # type: ignore[attr-defined]  # what threading.Condition does to wait
        try:
            yield
        finally:
            self._lock._acquire_restore(held)  # type: ignore[attr-defined]

    def start(self) -> None:
        """Stand between every new client and moto."""
        for hook in (("provide-client-params", self._remember), ("before-parameter-build", self._add_tokens)):
            botocore.handlers.BUILTIN_HANDLERS.append(hook)
            self._stack.callback(botocore.handlers.BUILTIN_HANDLERS.remove, hook)
        original = BotocoreStubber.__call__

        def passing(stubber: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **kw: Any) -> Any:
            return self._pass(lambda: original(stubber, event_name, request, **kw), request)

        self._stack.enter_context(mock.patch.object(BotocoreStubber, "__call__", passing))

    def stop(self) -> None:
        """Step out of the way."""
        self._stack.close()

    def _remember(self, params: dict[str, Any], model: OperationModel, **_: Any) -> None:
        self._current.call = (model, {name: _plain(value) for name, value in params.items()})

    def _add_tokens(self, params: dict[str, Any], model: OperationModel, **_: Any) -> None:
        """The idempotency tokens that the client made up belong to the call: its retries carry the same ones."""
        self._current.call[1].update({name: params[name] for name in model.idempotent_members if name in params})

    def _pass(self, original: Callable[[], AWSResponse | None], request: AWSPreparedRequest) -> AWSResponse | None:
        current = model, parameters = self._current.call
        with self._lock:
            try:
                return self._attempt(model, parameters, original, request)
            finally:
                self._current.call = current  # a call made meanwhile must not be taken for this one when it is retried

    def _attempt(
        self,
        model: OperationModel,
        parameters: dict[str, Any],
        original: Callable[[], AWSResponse | None],
        request: AWSPreparedRequest,
    ) -> AWSResponse | None:
        try:
            call = self._call(model, parameters, request)
        except AwsError as error:
            return _response(request, model, error)
        try:
            return self._run(call, model, original, request)
        except ProcessKilled:
            self._identities.kill(call.principal.session)
            raise
        except EmbeddedError as error:
            self.broken = self.broken or error  # the caller may swallow it; the session does not
            raise

    def _call(self, model: OperationModel, parameters: dict[str, Any], request: AWSPreparedRequest) -> Call:
        self.count += 1
        return Call(
            number=self.count,
            at=self._clock.now(),
            principal=self._identities.of(request.headers.get("Authorization")),
            service=model.service_model.service_name,
            operation=model.name,
            parameters=parameters,
        )

    def _run(
        self,
        call: Call,
        model: OperationModel,
        original: Callable[[], AWSResponse | None],
        request: AWSPreparedRequest,
    ) -> AWSResponse | None:
        if self._identities.is_dead(call.principal):
            raise ProcessKilled(call.principal.session)
        try:
            for interceptor in tuple(self._interceptors):
                interceptor(call)
            override = self._overrides.get((call.service, call.operation))
            response = _response(request, model, override(call)) if override else original()
        except AwsError as error:
            response = _response(request, model, error)
        if response is None:
            raise EmbeddedError(f"{call.name} at {request.url} is not emulated; add an override or leave the call out.")
        answer = self._parse(model, response)
        amendment = self._amendments.get((call.service, call.operation))
        amended = amendment(call, dict(answer.parsed)) if amendment and not answer.error else None
        if amended is not None:
            response = _response(request, model, {k: v for k, v in amended.items() if k != "ResponseMetadata"})
            answer = self._parse(model, response)
        failure = self._tell(call, answer)
        return response if failure is None else _response(request, model, failure)

    def _tell(self, call: Call, answer: Answer) -> AwsError | None:
        """Let every observer see the answer: what one does to the caller does not keep it from the others, as the call
        had its effect. The first failure counts; a death before it all."""
        failures: list[AwsError | ProcessKilled] = []
        for observer in tuple(self._observers):
            try:
                observer(call, answer)
            except (AwsError, ProcessKilled) as failure:
                failures.append(failure)
        deaths = [one for one in failures if isinstance(one, ProcessKilled)]
        if deaths:
            raise deaths[0]
        return next((one for one in failures if isinstance(one, AwsError)), None)

    def _parse(self, model: OperationModel, response: AWSResponse) -> Answer:
        streaming = model.has_streaming_output and response.status_code < 300
        body = b"" if streaming else response.raw.getvalue()
        raw = {"headers": response.headers, "status_code": response.status_code, "body": body}
        parser = self._parsers.create_parser(model.service_model.resolved_protocol)
        parsed = parser.parse(raw, None if streaming else model.output_shape)
        if response.status_code < 300:
            return Answer(status=response.status_code, parsed=parsed)
        error = parsed.get("Error", {})
        return Answer(
            status=response.status_code,
            parsed=parsed,
            error=AwsError(error.get("Code", "Unknown"), error.get("Message", ""), status=response.status_code),
        )


def _plain(value: Any) -> Any:
    """A copy as it goes over the wire: what is kept must not hold on to a process's own types (a StrEnum is text)."""
    match value:
        case dict():
            return {_plain(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case str():
            return str.__str__(value)
        case _:
            return value


def _response(request: AWSPreparedRequest, model: OperationModel, result: Mapping[str, Any] | AwsError) -> AWSResponse:
    status, headers, body = serialize(model, result)
    return AWSResponse(request.url, status, headers, MockRawResponse(body))
