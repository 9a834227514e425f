"""Whether search domains speak TLS only."""

from collections.abc import Iterator
from typing import Any

from _rules import Check, Fault, boolean, mapping, shown, text


class SearchTransit(Check):
    """OpenSearch domains take TLS 1.2 only, and their nodes too."""

    check_id = "CKV_STACKPROOF_SEARCH_TRANSIT"
    resource_types = ("AWS::OpenSearchService::Domain",)

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """Plain HTTP, old protocol versions (the default is TLS 1.0), and nodes that talk in clear."""
        endpoint, at = mapping(properties.get("DomainEndpointOptions")), "Properties/DomainEndpointOptions"
        enforced = endpoint.get("EnforceHTTPS")
        if boolean(enforced) is not True:
            yield Fault(key=f"{at}/EnforceHTTPS", text=f"EnforceHTTPS is {shown(enforced)}", value=enforced)
        policy = endpoint.get("TLSSecurityPolicy")
        if not (text(policy) or "").startswith("Policy-Min-TLS-1-2"):
            said = f"TLSSecurityPolicy is {shown(policy)}; TLS 1.2 at least"
            yield Fault(key=f"{at}/TLSSecurityPolicy", text=said, value=policy)
        nodes = mapping(properties.get("NodeToNodeEncryptionOptions")).get("Enabled")
        if boolean(nodes) is not True:
            key = "Properties/NodeToNodeEncryptionOptions/Enabled"
            yield Fault(key=key, text=f"NodeToNodeEncryptionOptions.Enabled is {shown(nodes)}", value=nodes)


check = SearchTransit()
