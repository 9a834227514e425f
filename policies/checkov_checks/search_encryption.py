"""Whether search domains are encrypted."""

from collections.abc import Iterator
from typing import Any

from _rules import Check, Fault, boolean, mapping, shown


class SearchEncryption(Check):
    """OpenSearch domains are encrypted at rest."""

    check_id = "CKV_STACKPROOF_SEARCH_ENCRYPTION"
    resource_types = ("AWS::OpenSearchService::Domain",)

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """Indexes and snapshots in clear, which is the default."""
        given = mapping(properties.get("EncryptionAtRestOptions")).get("Enabled")
        if boolean(given) is not True:
            key = "Properties/EncryptionAtRestOptions/Enabled"
            yield Fault(key=key, text=f"EncryptionAtRestOptions.Enabled is {shown(given)}", value=given)


check = SearchEncryption()
