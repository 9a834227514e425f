"""Whether load balancers write access logs."""

from collections.abc import Iterator
from typing import Any

from _rules import Check, Fault, boolean, is_unknown, mapping, sequence, shown, text


class LoadBalancerLogs(Check):
    """Application load balancers write access logs."""

    check_id = "CKV_STACKPROOF_LOAD_BALANCER_LOGS"
    resource_types = ("AWS::ElasticLoadBalancingV2::LoadBalancer",)

    def applies(self, properties: dict[str, Any]) -> bool:
        """Network load balancers log only TLS listeners, gateway load balancers nothing."""
        kind = properties.get("Type")
        return is_unknown(kind) or kind in (None, "application")

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """No access logs, which is the default."""
        attributes = {
            text(item.get("Key")): item.get("Value")
            for item in map(mapping, sequence(properties.get("LoadBalancerAttributes")))
        }
        given = attributes.get("access_logs.s3.enabled")
        if boolean(given) is not True:
            said = f"access_logs.s3.enabled is {shown(given)}"
            yield Fault(key="Properties/LoadBalancerAttributes", text=said, value=given)


check = LoadBalancerLogs()
