"""Faults, as data, injected at the call seam: the same list serves scenarios, alarms and crash points."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from stackproof.embedded.errors import AwsError, EmbeddedError, ProcessKilled
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.world import World


class FaultKind(StrEnum):
    """What happens to a call: the first five before it has an effect, the last two after it had one."""

    DENY = "deny"
    THROTTLE = "throttle"
    FAIL = "fail"
    DELAY = "delay"
    KILL_BEFORE = "kill_before"
    FAIL_AFTER = "fail_after"
    KILL_AFTER = "kill_after"


_AFTER = {FaultKind.FAIL_AFTER, FaultKind.KILL_AFTER}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault. It meets calls whose service, operation and role match (shell patterns; the role's ARN) and whose
    parameters contain `where` (as text); the first `skip` of them go through, then `times` are hit (None: all of them).
    `seconds` is the length of a delay on the session's clock."""

    kind: FaultKind
    service: str = "*"
    operation: str = "*"
    role: str = "*"
    where: Mapping[str, str] = field(default_factory=dict)
    skip: int = 0
    times: int | None = 1
    seconds: float = 0

    def matches(self, call: Call) -> bool:
        """Whether the fault speaks of this call."""
        return (
            fnmatchcase(call.service, self.service)
            and fnmatchcase(call.operation, self.operation)
            and fnmatchcase(call.principal.arn, self.role)
            and all(part in str(call.parameters.get(name, "")) for name, part in self.where.items())
        )


@dataclass(kw_only=True)
class _Armed:
    fault: Fault
    seen: int = 0
    hits: int = 0


class Faults:
    """The faults that are armed in a session."""

    def __init__(self, world: World) -> None:
        self._world = world
        world.seam.intercept(self._before)
        world.seam.observe(self._after)

    def arm(self, fault: Fault) -> None:
        """Let the fault meet calls from now on."""
        self._armed().append(_Armed(fault=fault))

    def clear(self) -> None:
        """No fault meets a call any more."""
        self._armed().clear()

    def hits(self) -> list[tuple[Fault, int]]:
        """Each armed fault with the number of calls that it hit; a scenario whose fault hit nothing proves nothing."""
        return [(armed.fault, armed.hits) for armed in self._armed()]

    def _armed(self) -> list[_Armed]:
        return self._world.state("faults", list[_Armed])

    def _hit(self, call: Call, *, after: bool) -> Fault | None:
        if call.principal.is_operator:
            return None
        for armed in self._armed():
            fault = armed.fault
            if (fault.kind in _AFTER) is not after or not fault.matches(call):
                continue
            armed.seen += 1
            if armed.seen > fault.skip and (fault.times is None or armed.hits < fault.times):
                armed.hits += 1
                return fault
        return None

    def _before(self, call: Call) -> None:
        fault = self._hit(call, after=False)
        if fault is None:
            return
        match fault.kind:
            case FaultKind.DELAY:
                self._world.clock.pass_time(fault.seconds)
            case FaultKind.KILL_BEFORE:
                raise ProcessKilled(call.principal.session)
            case _:
                raise _error(fault.kind, call)

    def _after(self, call: Call, answer: Answer) -> None:
        if answer.error is not None:
            return
        fault = self._hit(call, after=True)
        if fault is None:
            return
        if fault.kind is FaultKind.KILL_AFTER:
            raise ProcessKilled(call.principal.session)
        raise _error(fault.kind, call)


_THROTTLED: dict[str, tuple[str, int]] = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "batch": ("TooManyRequestsException", 429),
    "lambda": ("TooManyRequestsException", 429),
    "s3": ("SlowDown", 503),
}


def _error(kind: FaultKind, call: Call) -> AwsError:
    """The error that this service gives for the fault: retryable ones are retried by the caller's client."""
    match kind:
        case FaultKind.DENY:
            code = "AccessDenied" if call.service == "s3" else "AccessDeniedException"
            text = f"User: {call.principal.arn} is not authorized to perform: {call.name}"
            return AwsError(code, text, status=403 if call.service == "s3" else 400)
        case FaultKind.THROTTLE:
            code, status = _THROTTLED.get(call.service, ("ThrottlingException", 400))
            return AwsError(code, "Rate exceeded", status=status)
        case FaultKind.FAIL | FaultKind.FAIL_AFTER:
            return AwsError("InternalError" if call.service == "s3" else "InternalServerError", "Injected.", status=500)
    raise EmbeddedError(f"A fault of the kind {kind} has no error.")


def parse(data: Mapping[str, Any]) -> Fault:
    """A fault as scenarios write it.

    Raises: EmbeddedError that names what is not understood.
    """
    known = {"kind", "service", "operation", "role", "where", "skip", "times", "seconds"}
    if unknown := set(data) - known:
        raise EmbeddedError(f"A fault has no {', '.join(sorted(unknown))}; it takes {', '.join(sorted(known))}.")
    try:
        return Fault(**{**data, "kind": FaultKind(data["kind"])})
    except (KeyError, ValueError):
        kinds = ", ".join(FaultKind)
        raise EmbeddedError(f"The fault {dict(data)} needs a kind: one of {kinds}.") from None
