"""How instances give out their metadata."""

from collections.abc import Iterator
from typing import Any

from _rules import Check, Fault, mapping, number, shown


class InstanceMetadata(Check):
    """Metadata are given out against a token only, and not beyond the instance."""

    check_id = "CKV_STACKPROOF_INSTANCE_METADATA"
    resource_types = ("AWS::EC2::LaunchTemplate", "AWS::AutoScaling::LaunchConfiguration")

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """Metadata without a token, and answers that travel further than one hop."""
        data = properties.get("LaunchTemplateData")
        at = "Properties/MetadataOptions" if data is None else "Properties/LaunchTemplateData/MetadataOptions"
        options = mapping(mapping(properties if data is None else data).get("MetadataOptions"))
        endpoint = options.get("HttpEndpoint")
        if endpoint == "disabled":
            return
        if endpoint not in (None, "enabled"):
            yield Fault(key=f"{at}/HttpEndpoint", text=f"HttpEndpoint is {shown(endpoint)}", value=endpoint)
        tokens = options.get("HttpTokens")
        if tokens != "required":
            said = f"HttpTokens is {shown(tokens)}: whoever can make the instance send a GET has its credentials"
            yield Fault(key=f"{at}/HttpTokens", text=said, value=tokens)
        hops = options.get("HttpPutResponseHopLimit")
        if hops is not None and number(hops) != 1:
            said = f"HttpPutResponseHopLimit is {shown(hops)}: containers reach the role of their host"
            yield Fault(key=f"{at}/HttpPutResponseHopLimit", text=said, value=hops)


check = InstanceMetadata()
