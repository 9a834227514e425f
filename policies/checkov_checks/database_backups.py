"""How long databases keep backups."""

from collections.abc import Iterator
from typing import Any

from _databases import DATABASES, is_alone
from _rules import Check, Fault, number, shown

_CLUSTER = "AWS::RDS::DBCluster"
_LEAST = 7  # days; what Security Hub asks of RDS (control RDS.11)


class DatabaseBackups(Check):
    """Databases keep automatic backups for a week at least."""

    check_id = "CKV_STACKPROOF_DATABASE_BACKUPS"
    resource_types = (*DATABASES, _CLUSTER)

    def applies(self, properties: dict[str, Any]) -> bool:
        """A member has the backups of its cluster, a replica those of its source."""
        if self.entity_type == _CLUSTER:
            return not properties.keys() & {"SourceDBClusterIdentifier", "ReplicationSourceIdentifier"}
        return is_alone(properties)

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """A period that is too short; the default is one day."""
        given = properties.get("BackupRetentionPeriod")
        days = number(given)
        if days is None or days < _LEAST:
            said = f"BackupRetentionPeriod is {shown(given)}; {_LEAST} days or more"
            yield Fault(key="Properties/BackupRetentionPeriod", text=said, value=given)


check = DatabaseBackups()
