"""Structured logs and metrics, by Powertools for AWS Lambda.

Metrics are written in the Embedded Metric Format: CloudWatch makes them out of the log, so no function needs a
permission for metrics. A measure is written as soon as what it counts is recorded, not at the end of the run: a run
that is cut off later loses none. Namespace and the only dimension, `service`, come from the environment.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

logger = Logger(utc=True)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One value of one metric."""

    name: str
    unit: MetricUnit
    value: float


def count(name: str, value: float = 1) -> Measure:
    """Return a measure of so many of something."""
    return Measure(name=name, unit=MetricUnit.Count, value=value)


def emit(measures: Iterable[Measure]) -> None:
    """Write the measures as one metric document; nothing for none."""
    metrics = EphemeralMetrics()
    for measure in measures:
        metrics.add_metric(name=measure.name, unit=measure.unit, value=measure.value)
    if metrics.metric_set:
        metrics.flush_metrics()
