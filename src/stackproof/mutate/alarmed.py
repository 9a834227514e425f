"""The alarms of a template, as operators see them: what each watches, and who asks for it."""

from collections.abc import Iterator
from dataclasses import dataclass

from stackproof.mutate.target import Place, Target
from stackproof.template.model import Path, Resource

ALARM = "AWS::CloudWatch::Alarm"
OWN = "which metrics and dimensions the code emits, only the record tells"


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One metric of an alarm: `metric` is where Namespace, MetricName and Dimensions stand (below Properties), `stat`
    where its statistic and period do."""

    target: Target
    alarm: Resource
    metric: Path
    stat: Path
    stat_name: str

    @property
    def namespace(self) -> str:
        """Its namespace, as resolved."""
        value = self.alarm.get(*self.metric, "Namespace")
        return value if isinstance(value, str) else ""

    @property
    def name(self) -> str:
        """Its name."""
        value = self.alarm.get(*self.metric, "MetricName")
        return value if isinstance(value, str) else ""

    @property
    def is_own(self) -> bool:
        """Whether code emits it, not AWS."""
        return not self.namespace.startswith("AWS/")

    @property
    def asked_for(self) -> tuple[str, ...]:
        """The controls that ask for this metric to be watched."""
        entry = self.target.speaks.alarms.get("" if self.is_own else self.namespace)
        if entry is None or not (self.is_own or self.name in (*entry.metrics, *entry.any_of)):
            return ()
        return entry.controls

    def place(self, *path: str | int) -> Place | None:
        """A place of the metric."""
        return self.target.place(self.alarm, *self.metric, *path)

    def dimensions(self) -> Iterator[tuple[Place, Place | None, Place | None]]:
        """Its dimensions: the item, its name, its value."""
        held = self.alarm.get(*self.metric, "Dimensions")
        for index in range(len(held)) if isinstance(held, list) else ():
            if (item := self.place("Dimensions", index)) is not None:
                yield item, self.place("Dimensions", index, "Name"), self.place("Dimensions", index, "Value")


def alarms(target: Target) -> Iterator[Resource]:
    """The alarms."""
    return target.of_type(ALARM)


def watched(target: Target, alarm: Resource) -> tuple[Watched, ...]:
    """The metrics of an alarm: its own, or those of its expressions."""
    queries = alarm.get("Metrics")
    if not isinstance(queries, list):
        return (Watched(target=target, alarm=alarm, metric=(), stat=(), stat_name="Statistic"),)
    return tuple(
        Watched(
            target=target,
            alarm=alarm,
            metric=("Metrics", index, "MetricStat", "Metric"),
            stat=("Metrics", index, "MetricStat"),
            stat_name="Stat",
        )
        for index, query in enumerate(queries)
        if isinstance(query, dict) and "MetricStat" in query
    )


def controls(target: Target, alarm: Resource) -> tuple[str, ...]:
    """The controls that a fault of the alarm as a whole concerns."""
    asked = [control for metric in watched(target, alarm) for control in metric.asked_for]
    return tuple(dict.fromkeys((*asked, "alarms-metric")))
