"""Address ranges of rules: whether one, or many together, are the whole world.

The measure: no owner has more than a /8 of IPv4 or a /16 of IPv6, so a wider range is nobody's own, however it is
spelt (`0.0.0.0/0`, `10.0.0.0/0`, `::0/0`, `2000::/3`, the half `128.0.0.0/1`); nor are many that are a sixteenth of all
public addresses together. Private ranges are never the world."""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.values import known
from stackproof.template.model import Unknown, UnknownValueError
from stackproof.template.references import display, inside, substitute

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_WIDEST_OWN = {4: 8, 6: 16}
_SHARE = 16
_PRIVATE = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
_PUBLIC_BITS = {4: 32, 6: 125}  # 2000::/3 is all that IPv6 routes
# Values that only a deployment shows: a nested stack's outputs, a custom resource's data, a parameter's content.
_OPAQUE = ("Custom::", "AWS::CloudFormation::", "AWS::SSM::Parameter")


@lru_cache(maxsize=4096)
def parse(text: str) -> Network | None:
    """A range as written, host bits ignored as AWS does; None for a text that is no range."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def is_world(graph: Graph, value: Any) -> bool:
    """Whether a range is the world, or no range at all (which nobody can read as a narrow one).

    Raises: UnknownValueError when that is known at deployment only.
    """
    value = known(value)
    if not isinstance(value, str):
        return True
    references = list(inside(value))
    if not references:
        network = parse(value)
        return network is None or (network.prefixlen < _WIDEST_OWN[network.version] and not _is_private(network))
    rest = substitute(value, lambda _: "")
    if prefix := re.fullmatch(r"[0-9a-fA-F.:]*/(\d{1,3})", rest):
        return int(prefix[1]) < _WIDEST_OWN[6 if ":" in rest else 4]
    for reference in references:
        resource = graph.resources.get(reference.target)
        if resource is not None and resource.type.startswith(_OPAQUE):
            raise UnknownValueError(Unknown(f"{display(value)} is known only at deployment"))
    return False  # the range of a VPC or subnet, an address of the template


def are_world(values: Iterable[Any]) -> bool:
    """Whether ranges are the world together."""
    networks = [network for value in values if isinstance(value, str) and (network := parse(value)) is not None]
    for version in (4, 6):
        some = [network for network in networks if network.version == version and not _is_private(network)]
        whole: Any = ipaddress.collapse_addresses(some)
        if sum(network.num_addresses for network in whole) * _SHARE >= 2 ** _PUBLIC_BITS[version]:
            return True
    return False


def overlap(one: Network, other: Network) -> bool:
    """Whether two ranges have addresses in common."""
    return one.version == other.version and one.overlaps(other)


def _is_private(network: Network) -> bool:
    return any(
        network.version == private.version and network.subnet_of(private)  # type: ignore[arg-type]
        for private in _PRIVATE
    )
