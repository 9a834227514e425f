"""What lets the world in: rules of security groups, and entries of network ACLs."""

from collections.abc import Iterator
from typing import Any

from stackproof.findings.outcome import Outcome
from stackproof.graph.graph import Graph
from stackproof.graph.network.groups import (
    GROUP,
    INGRESS,
    GroupRule,
    group_of,
    is_https_only,
    is_public_web,
    own_rules,
    prefix_list,
    rules,
    shown,
)
from stackproof.graph.network.ranges import are_world, is_world
from stackproof.graph.values import items, known, mapping, number
from stackproof.rules import Hit
from stackproof.template.model import Resource, Unknown

ACL_ENTRY = "AWS::EC2::NetworkAclEntry"
# Groups of the services from before VPCs: where their ranges stand, None for the properties themselves.
CLASSIC = {
    "AWS::RDS::DBSecurityGroup": "DBSecurityGroupIngress",
    "AWS::RDS::DBSecurityGroupIngress": None,
    "AWS::Redshift::ClusterSecurityGroupIngress": None,
}
_ADMINISTRATION = (22, 3389)  # SSH and RDP, as in the CIS benchmark's check of network ACLs
_TCP = ("6", "tcp")
_ALL = ("-1", "all", "")


def group_faults(graph: Graph, holder: Resource) -> Iterator[Hit]:
    """The rules of a group, or the one that an ingress resource is, that let the world in."""
    own = list(own_rules(holder, INGRESS))
    faults = [hit for rule in own for hit in _rule_faults(graph, rule)]
    yield from faults
    if holder.type == GROUP and not faults:
        yield from _together(graph, holder)
    for rule in own:
        yield from _list_faults(graph, rule)


def _rule_faults(graph: Graph, rule: GroupRule) -> Iterator[Hit]:
    if not rule.names_peer():
        yield Hit("an ingress rule names no source", path=rule.path)
    elif (found := rule.world(graph)) and not is_public_web(graph, rule):
        name, value = found
        yield Hit(f"{rule.shown} is open to the world ({shown(value)})", path=(*rule.path, name))
    elif rule.ports != (443, 443) and is_https_only(graph, group_of(graph, rule)):
        yield Hit(f"{rule.shown} is open to endpoints, which answer on 443 alone", path=rule.path)


def _together(graph: Graph, group: Resource) -> Iterator[Hit]:
    every = [rule.body.get(name) for rule in rules(graph, group, INGRESS) for name in ("CidrIp", "CidrIpv6")]
    ranges = [value for value in every if isinstance(value, str) and not is_world(graph, value)]
    if are_world(ranges):
        message = f"its {len(ranges)} ranges are the world together ({', '.join(map(shown, ranges[:3]))} ...)"
        yield Hit(message, path=("Properties", "SecurityGroupIngress"))


def _list_faults(graph: Graph, rule: GroupRule) -> Iterator[Hit]:
    value = known(rule.body.get("SourcePrefixListId"))
    if value is None or (group_of(graph, rule) is not None and is_public_web(graph, rule)):
        return
    entries = prefix_list(graph, value)
    path = (*rule.path, "SourcePrefixListId")
    if entries is None:
        message = f"what the prefix list {shown(value)} holds is not in this template, so it may hold the world"
        yield Hit(message, path=path, outcome=Outcome.UNKNOWN)
        return
    for _, entry in entries:
        if is_world(graph, entry):
            yield Hit(f"{rule.shown} is open to the world by a prefix list ({shown(entry)})", path=path)
    if are_world(entry for _, entry in entries):
        yield Hit(f"{rule.shown} is open to the world by a prefix list, whose ranges are it together", path=path)


def classic_faults(graph: Graph, holder: Resource) -> Iterator[Hit]:
    """The ranges of a group of the services from before VPCs that are the world."""
    inline = CLASSIC[holder.type]
    bodies = enumerate(items(holder.get(inline))) if inline else [(None, holder.properties)]
    for index, body in bodies:
        value = mapping(body).get("CIDRIP")
        if value is not None and is_world(graph, value):
            place = ("Properties",) if index is None else ("Properties", inline or "", index)
            yield Hit(f"it is open to the world ({shown(value)})", path=(*place, "CIDRIP"))


def entry_faults(graph: Graph, entry: Resource) -> Iterator[Hit]:
    """A network ACL's entry that lets the world in to the ports of administration.

    A range from 1024 or above to 65535 is for the answers to what was asked from inside, which an ACL must let in, as
    it keeps no state; and an entry of a lower number that denies the port to the world comes first."""
    name = "CidrBlock" if entry.get("CidrBlock") is not None else "Ipv6CidrBlock"
    if known(entry.get("Egress")) is True or known(entry.get("RuleAction")) == "deny":
        return
    if not is_world(graph, entry.get(name)):
        return
    open_ports = [port for port in _ADMINISTRATION if _covers(entry, port) and not _denied(graph, entry, name, port)]
    if open_ports:
        ports = " and ".join(map(str, open_ports))
        message = f"the world ({shown(entry.get(name))}) gets in to port {ports}"
        yield Hit(message, path=("Properties", name))


def _covers(entry: Resource, port: int) -> bool:
    protocol = str(known(entry.get("Protocol", default="")))
    if protocol in _ALL:
        return True
    first, last = number(entry.get("PortRange", "From")), number(entry.get("PortRange", "To"))
    if protocol not in _TCP:
        return False
    if first is None or last is None:
        return True
    return first <= port <= last and not (first >= 1024 and last == 65535)


def _denied(graph: Graph, entry: Resource, name: str, port: int) -> bool:
    order = number(entry.get("RuleNumber"))
    return order is not None and any(
        _is_same(other.get("NetworkAclId"), entry.get("NetworkAclId"))
        and known(other.get("RuleAction")) == "deny"
        and known(other.get("Egress")) is not True
        and (number(other.get("RuleNumber")) or order) < order
        and other.get(name) is not None
        and is_world(graph, other.get(name))
        and _covers(other, port)
        for other in graph.of_type(ACL_ENTRY)
        if other is not entry
    )


def _is_same(one: Any, other: Any) -> bool:
    return not isinstance(one, Unknown) and not isinstance(other, Unknown) and bool(one == other)


def is_inbound(resource: Resource, graph: Graph) -> bool:
    """Whether a resource says anything of who gets in: a network ACL's entry for what goes out does not."""
    return resource.type != ACL_ENTRY or known(resource.get("Egress")) is not True
