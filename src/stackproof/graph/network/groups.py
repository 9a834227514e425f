"""Security groups and their rules, inline or as resources of their own, and what they let through."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.network.ranges import is_world
from stackproof.graph.values import items, known, mapping, number, text
from stackproof.template.model import Path, Resource
from stackproof.template.references import display

GROUP = "AWS::EC2::SecurityGroup"
INGRESS, EGRESS = "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"
_INLINE = {INGRESS: "SecurityGroupIngress", EGRESS: "SecurityGroupEgress"}
_RANGES = ("CidrIp", "CidrIpv6")
_PEERS = {
    INGRESS: ("SourceSecurityGroupId", "SourceSecurityGroupName", "SourcePrefixListId"),
    EGRESS: ("DestinationSecurityGroupId", "DestinationPrefixListId"),
}
_BALANCERS = ("AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer")
_WEB = (80, 443)
# AWS's own endpoint services but those for mail, file transfer and directories (PrivateLink, Services that integrate).
_SPEAKS_HTTPS = re.compile(r"^com\.amazonaws\.(?!vpce\.)[^.]+\.(?!email-smtp|transfer|ds\b|.*nfs)")
_ALL_PORTS = (0, 65535)
_PROTOCOLS = {"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp"}


@dataclass(frozen=True, kw_only=True)
class GroupRule:
    """One rule of a security group: `kind` is INGRESS or EGRESS, `holder` the resource that it stands in, at `path`."""

    kind: str
    holder: Resource
    path: Path
    body: Mapping[str, Any]

    @property
    def protocol(self) -> str:
        """`tcp`, `udp`, `all`, or the protocol as written (`icmp`, a number)."""
        value = known(self.body.get("IpProtocol"))
        name = str(value).lower() if isinstance(value, str | int) else ""
        return _PROTOCOLS.get(name, "all" if name in ("-1", "", "all") else name)

    @property
    def ports(self) -> tuple[int, int]:
        """The first and last port of a TCP or UDP rule; all of them where they are missing or can't be read."""
        if self.protocol not in ("tcp", "udp"):
            return _ALL_PORTS
        first, last = number(self.body.get("FromPort")), number(self.body.get("ToPort"))
        if first is None or last is None or first < 0 or last < 0:
            return _ALL_PORTS
        return first, last

    @property
    def shown(self) -> str:
        """For people: what it lets through."""
        if self.protocol == "all":
            return "every protocol and port"
        if self.protocol not in ("tcp", "udp"):
            return self.protocol
        first, last = self.ports
        if (first, last) == _ALL_PORTS:
            return f"every {self.protocol} port"
        return f"{self.protocol} port {first}" if first == last else f"{self.protocol} ports {first} to {last}"

    def lets(self, port: int) -> bool:
        """Whether it lets TCP through to a port."""
        first, last = self.ports
        return self.protocol == "all" or (self.protocol == "tcp" and first <= port <= last)

    def world(self, graph: Graph) -> tuple[str, Any] | None:
        """The property that names the world as its other side, and its value; None without one."""
        for name in _RANGES:
            value = self.body.get(name)
            if value is not None and is_world(graph, value):
                return name, value
        return None

    def names_peer(self) -> bool:
        """Whether it says at all who its other side is."""
        return any(self.body.get(name) is not None for name in (*_RANGES, *_PEERS[self.kind]))


def own_rules(holder: Resource, kind: str) -> Iterator[GroupRule]:
    """The rules that stand in a resource: the inline ones of a group, or the one that the resource is."""
    if holder.type == kind:
        yield GroupRule(kind=kind, holder=holder, path=("Properties",), body=holder.properties)
        return
    for index, item in enumerate(items(holder.get(_INLINE[kind]))):
        path = ("Properties", _INLINE[kind], index)
        yield GroupRule(kind=kind, holder=holder, path=path, body=mapping(item))


def rules(graph: Graph, group: Resource, kind: str) -> list[GroupRule]:
    """All rules of a group that the template has: its own, and those of resources that name it as their group."""
    known_rules: dict[tuple[str, str], list[GroupRule]] = graph.cache.setdefault("network.rules", {})
    if (group.logical_id, kind) not in known_rules:
        found = list(own_rules(group, kind))
        for resource in graph.of_type(kind):
            if any(graph.referred(known(resource.get(name)), GROUP) is group for name in ("GroupId", "GroupName")):
                found.extend(own_rules(resource, kind))
        known_rules[group.logical_id, kind] = found
    return known_rules[group.logical_id, kind]


def group_of(graph: Graph, rule: GroupRule) -> Resource | None:
    """The group of the template that a rule belongs to."""
    if rule.holder.type == GROUP:
        return rule.holder
    names = (known(rule.holder.get("GroupId")), known(rule.holder.get("GroupName")))
    return next((group for name in names if (group := graph.referred(name, GROUP))), None)


def is_public_web(graph: Graph, rule: GroupRule) -> bool:
    """Whether a rule opens nothing but 80 or 443 of a load balancer that faces the internet: of a group that is
    attached to such load balancers and to nothing else."""
    first, last = rule.ports
    group = group_of(graph, rule)
    if rule.protocol != "tcp" or first != last or first not in _WEB or group is None:
        return False
    users = users_of(graph, group)
    return bool(users) and all(_faces_internet(user) for user in users)


def users_of(graph: Graph, group: Resource) -> list[Resource]:
    """The resources of the template that have a security group; rules that name it do not have it."""
    referrers = graph.referrers(group.logical_id)
    return [one for one in referrers if one is not group and one.type not in (GROUP, INGRESS, EGRESS)]


def is_https_only(graph: Graph, group: Resource | None) -> bool:
    """Whether nothing has a group but endpoints of services that speak HTTPS, and so answer on 443 alone."""
    users = users_of(graph, group) if group is not None else []
    return bool(users) and all(
        user.type == "AWS::EC2::VPCEndpoint" and _SPEAKS_HTTPS.search(display(text(user.get("ServiceName"))))
        for user in users
    )


def _faces_internet(resource: Resource) -> bool:
    # Both kinds of load balancers face the internet unless Scheme says `internal` (schemas of the types).
    return resource.type in _BALANCERS and text(resource.get("Scheme")) in ("", "internet-facing")


def prefix_list(graph: Graph, value: Any) -> list[tuple[Path, Any]] | None:
    """The entries of a prefix list of the template, with their places; None for a list from elsewhere."""
    found = graph.referred(known(value), "AWS::EC2::PrefixList")
    if found is None:
        return None
    entries = enumerate(items(found.get("Entries")))
    return [(("Properties", "Entries", i, "Cidr"), mapping(entry).get("Cidr")) for i, entry in entries]


def shown(value: Any) -> str:
    """A range for people."""
    return display(value) if isinstance(value, str) else "no range"
