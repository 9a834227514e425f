"""What a security group lets out."""

from collections.abc import Iterator

from stackproof.graph.graph import Graph
from stackproof.graph.network.groups import (
    EGRESS,
    GROUP,
    GroupRule,
    group_of,
    is_https_only,
    own_rules,
    prefix_list,
    rules,
    shown,
    users_of,
)
from stackproof.graph.network.ranges import are_world, is_world
from stackproof.graph.values import known
from stackproof.rules import Hit
from stackproof.template.model import Resource

_MANY_PORTS = 100  # a range of more is no choice of ports
_LAST = 65535


def egress_faults(graph: Graph, holder: Resource) -> Iterator[Hit]:
    """A group without egress rules of its own, or rules that let out everything, everywhere.

    AWS gives each new group a rule that allows everything out, and CloudFormation takes it away only where the group
    itself has egress rules: an empty list, or rules that are resources of their own, leave it there."""
    own = list(own_rules(holder, EGRESS))
    if holder.type == GROUP and not own:
        where = ", and separate egress resources do not take that away" if rules(graph, holder, EGRESS) else ""
        message = f"it states no SecurityGroupEgress, so it may send everything everywhere{where}"
        yield Hit(message, path=("Properties",))
    for rule in own:
        yield from _rule_faults(graph, rule)
    if holder.type == GROUP:
        yield from _together(graph, holder)


def _rule_faults(graph: Graph, rule: GroupRule) -> Iterator[Hit]:
    if not rule.names_peer():
        yield Hit("an egress rule names no destination, so CloudFormation leaves it out", path=rule.path)
        return
    first, last = rule.ports
    if first > last or (first <= 1 and last not in (first, _LAST)):
        yield Hit(f"{rule.shown} are no choice of ports: they start at {first}", path=(*rule.path, "FromPort"))
    found = rule.world(graph)
    if found and (_is_broad(rule) or _only_endpoints(graph, rule)):
        name, value = found
        why = "" if _is_broad(rule) else ", though only endpoints have it, which but answer"
        yield Hit(f"it lets out {rule.shown} to everywhere ({shown(value)}){why}", path=(*rule.path, name))
    aim = graph.referred(known(rule.body.get("DestinationSecurityGroupId")), GROUP)
    if aim is not None and rule.ports != (443, 443) and is_https_only(graph, aim):
        yield Hit(f"it lets out {rule.shown} to endpoints, which answer on 443 alone", path=rule.path)
    yield from _list_faults(graph, rule)


def _list_faults(graph: Graph, rule: GroupRule) -> Iterator[Hit]:
    value = rule.body.get("DestinationPrefixListId")
    if value is None or not _is_broad(rule):
        return
    entries = prefix_list(graph, value)
    path = (*rule.path, "DestinationPrefixListId")
    if entries is None:
        yield Hit(f"it lets out {rule.shown} to a prefix list, which may hold public addresses", path=path)
    elif any(is_world(graph, entry) for _, entry in entries) or are_world(entry for _, entry in entries):
        yield Hit(f"it lets out {rule.shown} to everywhere, by a prefix list", path=path)


def _only_endpoints(graph: Graph, rule: GroupRule) -> bool:
    group = group_of(graph, rule)
    users = users_of(graph, group) if group is not None else []
    return bool(users) and all(user.type == "AWS::EC2::VPCEndpoint" for user in users)


def _together(graph: Graph, group: Resource) -> Iterator[Hit]:
    every = [
        rule.body.get(name)
        for rule in rules(graph, group, EGRESS)
        if _is_broad(rule)
        for name in ("CidrIp", "CidrIpv6")
    ]
    ranges = [value for value in every if isinstance(value, str) and not is_world(graph, value)]
    if are_world(ranges):
        message = f"its ranges are everywhere together ({', '.join(map(shown, ranges[:3]))} ...)"
        yield Hit(message, path=("Properties", "SecurityGroupEgress"))


def _is_broad(rule: GroupRule) -> bool:
    first, last = rule.ports
    return rule.protocol in ("all", "tcp", "udp") and last - first >= _MANY_PORTS
