"""Whether databases are encrypted."""

from collections.abc import Iterator
from typing import Any

from _databases import DATABASES, is_alone
from _rules import Check, Fault, boolean, shown


class DatabaseEncryption(Check):
    """The storage of database instances is encrypted."""

    check_id = "CKV_STACKPROOF_DATABASE_ENCRYPTION"
    resource_types = DATABASES

    def applies(self, properties: dict[str, Any]) -> bool:
        """A member of a cluster has its storage; a replica or a restored snapshot takes it over and may not say it."""
        return is_alone(properties) and "DBSnapshotIdentifier" not in properties

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """Storage in clear, which is the default."""
        given = properties.get("StorageEncrypted")
        if boolean(given) is not True:
            yield Fault(key="Properties/StorageEncrypted", text=f"StorageEncrypted is {shown(given)}", value=given)


check = DatabaseEncryption()
