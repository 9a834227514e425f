"""What the listeners of load balancers take."""

import re
from collections.abc import Iterator
from typing import Any

from _rules import Check, Fault, is_unknown, mapping, sequence, shown, text

# Policies without TLS 1.0 and 1.1. (Elastic Load Balancing, Security policies)
_POLICIES = re.compile(r"ELBSecurityPolicy-(FS-1-2|TLS-1-2|TLS13-1-[23])(?!-Ext0)")


class ListenerTls(Check):
    """Listeners take TLS 1.2 or later, or redirect to it."""

    check_id = "CKV_STACKPROOF_LISTENER_TLS"
    resource_types = ("AWS::ElasticLoadBalancingV2::Listener",)

    def applies(self, properties: dict[str, Any]) -> bool:
        """TCP and UDP are passed through as they are; a gateway load balancer's listener has no protocol."""
        protocol = properties.get("Protocol")
        return protocol is not None and (is_unknown(protocol) or protocol in ("HTTP", "HTTPS", "TLS"))

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """HTTP that is served, and policies with old protocol versions, as the default has them."""
        protocol = properties.get("Protocol")
        if protocol == "HTTP":
            actions = sequence(properties.get("DefaultActions"))
            if not actions or not all(_is_redirect(mapping(action)) for action in actions):
                said = "the listener serves HTTP; it may only redirect to HTTPS"
                yield Fault(key="Properties/Protocol", text=said, value=protocol)
            return
        policy = properties.get("SslPolicy")
        if not _POLICIES.match(text(policy) or ""):
            yield Fault(
                key="Properties/SslPolicy", text=f"SslPolicy is {shown(policy)}; TLS 1.2 at least", value=policy
            )


def _is_redirect(action: dict[str, Any]) -> bool:
    return action.get("Type") == "redirect" and mapping(action.get("RedirectConfig")).get("Protocol") == "HTTPS"


check = ListenerTls()
