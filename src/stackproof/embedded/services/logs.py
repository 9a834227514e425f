"""CloudWatch Logs: lines that services write for a process, and the embedded metrics in them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from moto.logs.models import LogGroup, logs_backends

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.ports import Access
from stackproof.embedded.services.emf import extract
from stackproof.embedded.services.metrics import Metrics
from stackproof.embedded.world import World


@dataclass(kw_only=True)
class Delivery:
    """What became of the lines of a session.

    `lost`: lines by log group that nobody let in, with the reason of the last; `dropped`: why an embedded metric broke
    its specification, by log group.
    """

    lost: dict[str, int] = field(default_factory=dict)
    why_lost: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, list[str]] = field(default_factory=dict)


class Logs:
    """CloudWatch Logs as Lambda and the awslogs driver use it (ports.Logs). Retention does not delete anything here."""

    def __init__(self, world: World, access: Access, metrics: Metrics) -> None:
        self._world = world
        self._access = access
        self._metrics = metrics

    @property
    def delivery(self) -> Delivery:
        """What was lost or dropped so far."""
        return self._world.state("logs.delivery", lambda: Delivery())

    def write(self, *, role_arn: str, group: str, stream: str, lines: list[str]) -> None:
        """Create the stream and put the lines with the permissions of `role_arn`; a denied write loses the lines, and
        the metrics in them, as on AWS. A group that does not exist loses them too: it is not created."""
        if not lines:
            return
        try:
            found = self._permitted_group(role_arn, group, stream)
        except AwsError as error:
            delivery = self.delivery
            delivery.lost[group] = delivery.lost.get(group, 0) + len(lines)
            delivery.why_lost[group] = str(error)
            return
        now = self._world.clock.now()
        if stream not in found.streams:
            found.create_log_stream(stream)
        timestamp = int(now.timestamp() * 1000)
        events = [{"timestamp": timestamp, "message": line} for line in lines if line]
        if events:
            found.streams[stream].put_log_events(events)
        self._extract(group, lines)

    def lines(self, group: str, stream: str | None = None) -> list[str]:
        """The lines of a group, or of one of its streams, in the order in which they came."""
        account = self._world.account
        found = logs_backends[account.id][account.region].groups.get(group)
        streams: Iterable[str] = found.streams if found else ()
        return [
            event.message
            for name in streams
            if stream is None or name == stream
            for event in (found.streams[name].events if found else ())
        ]

    def _permitted_group(self, role_arn: str, group: str, stream: str) -> LogGroup:
        account = self._world.account
        arn = account.arn("logs", f"log-group:{group}:log-stream:{stream}")
        backend = logs_backends[account.id][account.region]
        found = backend.groups.get(group)
        if found is None or stream not in found.streams:
            self._access.require_role(role_arn, "logs:CreateLogStream", arn)
        if found is None:
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        self._access.require_role(role_arn, "logs:PutLogEvents", arn)
        if found.subscription_filters:
            raise EmbeddedError(f"The log group {group} has a subscription filter, which is not emulated.")
        if any(f.get("logGroupName") == group for f in backend.filters.metric_filters):
            raise EmbeddedError(f"The log group {group} has a metric filter, which is not emulated.")
        return found

    def _extract(self, group: str, lines: list[str]) -> None:
        now = self._world.clock.now()
        for line in lines:
            extracted = extract(line, now)
            if extracted.dropped:
                self.delivery.dropped.setdefault(group, []).extend(extracted.dropped)
            for sample in extracted.samples:
                self._metrics.add(
                    sample.metric,
                    sample.values,
                    unit=sample.unit,
                    at=sample.at,
                    high_resolution=sample.high_resolution,
                )
