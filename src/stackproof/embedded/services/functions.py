"""Lambda: runs deployed functions in this process, each as if it were a process of its own.

A container serves the invocations of its function under one set of credentials; when the process is killed or times
out, its credentials are dead for ever and the next invocation starts cold with new ones.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from moto.awslambda.models import LambdaFunction

from stackproof.embedded.errors import AwsError, EmbeddedError, ProcessKilled
from stackproof.embedded.ports import Access, Invocation, Logs, Metrics, Queues
from stackproof.embedded.seam import Call
from stackproof.embedded.services.asynchronous import Asynchronous
from stackproof.embedded.services.container import Container, Ended
from stackproof.embedded.services.environments import Environments
from stackproof.embedded.services.runtime import LambdaContext, Report
from stackproof.embedded.services.settings import Deployed, Settings
from stackproof.embedded.world import World

NAMESPACE = "AWS/Lambda"
_SYNCHRONOUS_LIMIT = 6 * 1024 * 1024


@dataclass(kw_only=True)
class _State:
    """`traces` holds the traced request ids by function."""

    traces: dict[str, list[str]] = field(default_factory=dict)


@dataclass(kw_only=True)
class _Frame:
    """An invocation that is running."""

    function: str
    session: str
    deadline: datetime
    timed_out: bool = False


class Functions:
    """ports.Functions over the functions that were deployed into moto."""

    def __init__(self, world: World, access: Access, queues: Queues, logs: Logs, metrics: Metrics) -> None:
        self._world, self._access, self._logs, self._metrics = world, access, logs, metrics
        self.deployed = Deployed(world, access)
        self.events = Asynchronous(
            world, access, queues, metrics, self.deployed, run=self._run, has_room=self._has_room
        )
        self._environments = Environments(world)
        self._frames: list[_Frame] = []
        world.seam.override("lambda", "Invoke", self._invoke)
        world.seam.intercept(self._stop_late, first=True)
        world.seam.observe(lambda call, answer: self._stop_late(call))

        def moto_invokes(function: LambdaFunction, event: Any) -> tuple[str, bool, str]:
            invocation = self.invoke(function.function_name, event)
            return (
                json.dumps(invocation.error or invocation.result),
                bool(invocation.error),
                "\n".join(invocation.lines),
            )

        world.stack.enter_context(mock.patch.object(LambdaFunction, "_invoke_lambda", moto_invokes))

    def invoke(self, function: str, payload: Any) -> Invocation:
        """Run it now (name or ARN) and wait.

        Raises: AwsError ResourceNotFoundException, or TooManyRequestsException when it is throttled.
        """
        settings = self.deployed.settings(function)
        if not self._has_room(settings):
            self._metrics.put(NAMESPACE, "Throttles", {"FunctionName": settings.name}, 1, unit="Count")
            reason: dict[str, object] = {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", status=429, fields=reason)
        return self._run(settings, payload, str(self._world.ids.uuid4()))

    def invoke_async(self, function: str, payload: Any) -> str:
        """Queue an event for it; see `events` for holding, dropping and doubling events."""
        return self.events.put(self.deployed.settings(function), payload)

    def traces(self, function: str) -> list[str]:
        """Request ids of the invocations whose trace reached X-Ray."""
        return list(self._state().traces.get(function, []))

    def _state(self) -> _State:
        return self._world.state("functions", _State)

    def _run(self, settings: Settings, payload: Any, request_id: str) -> Invocation:
        container = self._container(settings)
        started = self._world.clock.now()
        deadline = started + timedelta(seconds=settings.timeout)
        frame = _Frame(function=settings.name, session=container.place.session, deadline=deadline)
        context = self._context(settings, container, frame, request_id)
        ended = self._call(container, json.loads(json.dumps(payload)), context, frame)
        if self._world.seam.broken is not None:
            raise self._world.seam.broken
        seconds = (self._world.clock.now() - started).total_seconds()
        if frame.timed_out or seconds > settings.timeout:
            ended, seconds = self._timed_out(settings, container, request_id), float(settings.timeout)
        elif ended.killed or self._is_dead(container):
            text = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
            ended = Ended(error={"errorType": "Runtime.ExitError", "errorMessage": text}, killed=True, broken=True)
        if ended.broken:
            self._environments.throw_away(settings, container)
        if ended.error is not None:
            ended = Ended(**{**ended.__dict__, "error": {**ended.error, "requestId": request_id}})
        lines = Report(settings, container.take_output(), request_id, seconds, container.place.cold).lines(ended)
        container.place.cold = False
        self._logs.write(role_arn=settings.role, group=settings.log_group, stream=container.place.stream, lines=lines)
        self._measure(settings, seconds, request_id, failed=ended.error is not None)
        return Invocation(
            function=settings.name, request_id=request_id, payload=payload, result=ended.result, error=ended.error,
            killed=ended.killed, lines=lines,
        )  # fmt: skip

    def _has_room(self, settings: Settings) -> bool:
        running = sum(frame.function == settings.name for frame in self._frames)
        return settings.reserved is None or running < settings.reserved

    def _call(self, container: Container, event: Any, context: LambdaContext, frame: _Frame) -> Ended:
        clock = self._world.clock

        def sleep(seconds: float) -> None:
            left = (frame.deadline - clock.now()).total_seconds()
            clock.pass_time(max(0.0, min(seconds, left)))
            if seconds >= left:
                self._time_out(frame)

        trace_id = (
            f"Root=1-{self._world.ids.hex(8)}-{self._world.ids.hex(24)};Parent={self._world.ids.hex(16)};Sampled=1"
        )
        self._frames.append(frame)
        try:
            return container.run(event, context, trace_id=trace_id, sleep=sleep)
        finally:
            self._frames.pop()

    def _context(self, settings: Settings, container: Container, frame: _Frame, request_id: str) -> LambdaContext:
        return LambdaContext(
            function_name=settings.name,
            invoked_function_arn=settings.arn,
            memory_limit_in_mb=str(settings.memory),
            aws_request_id=request_id,
            log_group_name=settings.log_group,
            log_stream_name=container.place.stream,
            remaining=lambda: (frame.deadline - self._world.clock.now()).total_seconds(),
        )

    def _stop_late(self, call: Call) -> None:
        for frame in self._frames:
            if frame.session == call.principal.session and self._world.clock.now() >= frame.deadline:
                self._time_out(frame)

    def _time_out(self, frame: _Frame) -> None:
        frame.timed_out = True
        self._world.identities.kill(frame.session)
        raise ProcessKilled(frame.session)

    def _timed_out(self, settings: Settings, container: Container, request_id: str) -> Ended:
        self._world.identities.kill(container.place.session)
        text = f"RequestId: {request_id} Error: Task timed out after {settings.timeout:.2f} seconds"
        return Ended(error={"errorType": "Sandbox.Timedout", "errorMessage": text}, killed=True, broken=True)

    def _is_dead(self, container: Container) -> bool:
        key = f"Credential={container.place.credentials.access_key_id}/"
        return self._world.identities.is_dead(self._world.identities.of(key))

    def _container(self, settings: Settings) -> Container:
        return self._environments.take(settings, busy={frame.session for frame in self._frames})

    def _measure(self, settings: Settings, seconds: float, request_id: str, *, failed: bool) -> None:
        values = {"Invocations": 1, "Errors": int(failed), "Throttles": 0}
        for name, value in values.items():
            self._metrics.put(NAMESPACE, name, {"FunctionName": settings.name}, value, unit="Count")
        self._metrics.put(NAMESPACE, "Duration", {"FunctionName": settings.name}, seconds * 1000, unit="Milliseconds")
        if settings.traced:
            try:
                self._access.require_role(settings.role, "xray:PutTraceSegments", "*")
            except AwsError:
                return  # the segment is lost, and nobody is told
            self._state().traces.setdefault(settings.name, []).append(request_id)

    def _invoke(self, call: Call) -> Mapping[str, Any]:
        given = call.parameters
        raw = given.get("Payload", b"{}")
        text = raw.read() if hasattr(raw, "read") else raw
        if len(text) > _SYNCHRONOUS_LIMIT:
            raise AwsError("RequestTooLargeException", "Request must be smaller than 6291456 bytes.", status=413)
        try:
            payload = json.loads(text or b"{}")
        except ValueError as error:
            raise AwsError(
                "InvalidRequestContentException", f"Could not parse request body into json: {error}"
            ) from None
        settings = self.deployed.settings(given["FunctionName"])
        match given.get("InvocationType", "RequestResponse"):
            case "DryRun":
                return {"StatusCode": 204, "Payload": b""}
            case "Event":
                self.invoke_async(settings.name, payload)
                return {"StatusCode": 202, "Payload": b""}
            case "RequestResponse":
                with self._world.seam.unlocked():
                    done = self.invoke(settings.name, payload)
            case other:
                raise EmbeddedError(f"lambda:Invoke with InvocationType {other!r} is not emulated.")
        answer = {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
        if done.error is not None:
            return {**answer, "FunctionError": "Unhandled", "Payload": json.dumps(done.error).encode()}
        return {**answer, "Payload": json.dumps(done.result).encode()}
