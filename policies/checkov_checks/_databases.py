"""What the checks of RDS share.

checkov loads it with the others; it registers no check.
"""

from typing import Any

from _rules import text

DATABASES = ("AWS::RDS::DBInstance",)


def is_alone(properties: dict[str, Any]) -> bool:
    """Whether a database instance has settings of its own: neither a member of a cluster nor a replica."""
    member = "DBClusterIdentifier" in properties or (text(properties.get("Engine")) or "").startswith("aurora")
    return not member and not properties.keys() & {"SourceDBInstanceIdentifier", "SourceDBClusterIdentifier"}
