"""Where jobs write their logs."""

import re
from collections.abc import Iterator
from typing import Any

from _batch import JobCheck, containers
from _rules import Fault, boolean, mapping, named, shown, text

# Drivers that send logs away, and the option without which they send them nowhere. (Docker's log drivers)
_ADDRESSES = {"splunk": "splunk-url", "fluentd": "fluentd-address", "gelf": "gelf-address", "syslog": "syslog-address"}


class BatchLogs(JobCheck):
    """Jobs write to a log group that is named, or to another named receiver."""

    check_id = "CKV_STACKPROOF_BATCH_LOGS"

    def applies(self, properties: dict[str, Any]) -> bool:
        """Pods have no log configuration: the cluster decides."""
        places = list(containers(properties))
        return not places or not all(place.kubernetes for place in places)

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """Each container whose logs go to the default group, stay on the host, or go nowhere."""
        places = [place for place in containers(properties) if not place.kubernetes]
        if not places:
            yield Fault(key="Properties", text="no container is declared, so no log configuration either")
        for place in places:
            key = f"{place.key}/LogConfiguration"
            configuration = mapping(place.container.get("LogConfiguration"))
            options = mapping(configuration.get("Options"))
            given = configuration.get("LogDriver")
            driver = text(given)
            if not configuration:
                yield Fault(key=place.key, text="no LogConfiguration: logs go to the default group /aws/batch/job")
            elif driver == "awslogs":
                yield from _awslogs(key, options)
            elif driver in _ADDRESSES:
                if not options.get(_ADDRESSES[driver]):
                    yield Fault(key=key, text=f"the log driver {driver} needs the option {_ADDRESSES[driver]}")
            elif driver != "awsfirelens":
                yield Fault(
                    key=f"{key}/LogDriver",
                    text=f"LogDriver is {shown(given)}: such logs do not leave the host",
                    value=given,
                )


def _awslogs(key: str, options: dict[str, Any]) -> Iterator[Fault]:
    group = options.get("awslogs-group")
    if not named(group) or group == "/aws/batch/job":
        yield Fault(key=f"{key}/Options/awslogs-group", text="awslogs-group names no group of its own", value=group)
    if boolean(options.get("awslogs-create-group")):
        said = "awslogs-create-group makes a group without retention and key"
        yield Fault(key=f"{key}/Options/awslogs-create-group", text=said)
    region = options.get("awslogs-region")
    if region is not None and not re.fullmatch(r"[a-z]{2,3}(-[a-z]+)+-\d", region if isinstance(region, str) else ""):
        said = f"awslogs-region is {shown(region)}, which is no region"
        yield Fault(key=f"{key}/Options/awslogs-region", text=said, value=region)


check = BatchLogs()
