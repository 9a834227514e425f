"""Whether compute that has to call AWS can reach it from its subnets: by a way out, or by endpoints.

Without that nothing fails at deployment: instances and tasks start, and wait for ever."""

from collections.abc import Iterator

from stackproof.graph.graph import Graph
from stackproof.graph.network import groups, routes
from stackproof.graph.network.endpoints import ENDPOINT, allows, kind, service
from stackproof.graph.network.needs import LAYERS, Needs, needs
from stackproof.graph.network.places import SUBNET, places, security_groups
from stackproof.graph.network.ranges import overlap, parse
from stackproof.graph.values import items, known, text, texts
from stackproof.rules import Hit
from stackproof.template.model import Resource
from stackproof.template.references import whole

_HTTPS = 443


def reach_faults(graph: Graph, resource: Resource) -> Iterator[Hit]:
    """What keeps the compute of a resource from reaching what it has to, where the template shows it."""
    subnets = [(place.path, place.subnet) for place in places(graph, resource) if place.subnet]
    leading = [subnet for _, subnet in subnets if routes.has_way_out(graph, subnet)]
    for path, subnet in subnets:
        if fault := routes.way_out_fault(graph, subnet):
            yield Hit(fault, path=path)
        if leading and subnet not in leading:
            message = f"the subnet {subnet.logical_id} has no way out, while {leading[0].logical_id} has one"
            yield Hit(message, path=path)
    for name, needed in needs(graph, resource).items():
        for path, subnet in subnets:
            if fault := _service_fault(graph, resource, subnet, name, needed):
                yield Hit(fault, path=path)
                break


def _service_fault(graph: Graph, resource: Resource, subnet: Resource, name: str, needed: Needs) -> str:
    home = routes.vpc(graph, subnet)
    if home is None:
        return ""  # what else is in that network does not stand in this template
    own = [one for one in graph.of_type(ENDPOINT) if service(one) == name and routes.vpc(graph, one) is home]
    interfaces = [one for one in own if kind(one) == "Interface"]
    gateways = [one for one in own if kind(one) == "Gateway" and _serves(graph, one, subnet)]
    if not interfaces and not gateways:
        if routes.has_way_out(graph, subnet):
            return ""
        return f"from {subnet.logical_id} there is no way to {name}: no endpoint, and no way out"
    for endpoint in (*gateways, *interfaces):
        if fault := _endpoint_fault(graph, resource, endpoint, home, needed):
            return fault
    return ""


def _serves(graph: Graph, endpoint: Resource, subnet: Resource) -> bool:
    served = [graph.referred(known(value), routes.TABLE) for value in items(endpoint.get("RouteTableIds"))]
    return any(table in served for table in routes.tables(graph, subnet))


def _endpoint_fault(graph: Graph, resource: Resource, endpoint: Resource, home: Resource, needed: Needs) -> str:
    name = endpoint.logical_id
    for action, wanted in needed:
        if not allows(graph, endpoint, action, wanted):
            return f"the policy of {name} does not let {action} through{_on(wanted)}"
    if kind(endpoint) == "Gateway":
        ok = any(_leads_to_gateway(graph, rule) for rule in _egress(graph, resource)) or not _is_closed(graph, resource)
        return _idle_table(graph, endpoint) if ok else f"its security groups let no HTTPS out to {name}"
    if known(endpoint.get("PrivateDnsEnabled")) is not True:
        return f"{name} has no private DNS name, so nobody finds it"
    for attribute, default in (("EnableDnsSupport", True), ("EnableDnsHostnames", False)):
        if known(home.get(attribute, default=default)) is not True:
            return f"{home.logical_id} has {attribute} off, so nobody finds {name} by its private DNS name"
    for value in items(endpoint.get("SubnetIds")):
        subnet = graph.referred(known(value), SUBNET)
        if subnet is not None and (fault := routes.public_fault(graph, subnet)):
            return f"{name} is in a public subnet: {fault}"
    return _group_fault(graph, resource, endpoint)


def _on(wanted: str) -> str:
    if wanted == LAYERS:
        return " on the bucket in which ECR keeps image layers"
    return f" on {wanted.replace('<', '').replace('>', '')}" if wanted not in ("", "*") else ""


def _idle_table(graph: Graph, endpoint: Resource) -> str:
    """A route table of a gateway endpoint that no subnet has: some subnet was meant to."""
    used = {table.logical_id for subnet in graph.of_type(SUBNET) for table in routes.tables(graph, subnet)}
    for value in items(endpoint.get("RouteTableIds")):
        table = graph.referred(known(value), routes.TABLE)
        if table is not None and table.logical_id not in used:
            return f"{endpoint.logical_id} serves {table.logical_id}, a route table that no subnet has"
    return ""


def _group_fault(graph: Graph, resource: Resource, endpoint: Resource) -> str:
    """What keeps HTTPS from getting from the compute to an endpoint; '' too where a group stands in no template."""
    senders, receivers = _own_groups(graph, resource), _groups(graph, items(endpoint.get("SecurityGroupIds")))
    if senders is None or receivers is None:
        return ""
    if not receivers:
        return f"{endpoint.logical_id} names no security group, and the network's own lets in nobody else"
    if not senders:
        return "it names no security group, and the network's own does not get in to the endpoints"
    if not any(
        _lets_in(graph, rule, senders) for one in receivers for rule in groups.rules(graph, one, groups.INGRESS)
    ):
        return f"the security groups of {endpoint.logical_id} do not let it in on HTTPS"
    if _is_closed(graph, resource) and not any(
        _lets_to(graph, rule, receivers, endpoint) for rule in _egress(graph, resource)
    ):
        return f"its security groups let no HTTPS out to {endpoint.logical_id}"
    return ""


def _own_groups(graph: Graph, resource: Resource) -> list[Resource] | None:
    return _groups(graph, security_groups(graph, resource))


def _groups(graph: Graph, values: list[object]) -> list[Resource] | None:
    found = [graph.referred(known(value), groups.GROUP) for value in values]
    return None if None in found else [group for group in found if group is not None]


def _egress(graph: Graph, resource: Resource) -> list[groups.GroupRule]:
    own = _own_groups(graph, resource) or []
    return [rule for group in own for rule in groups.rules(graph, group, groups.EGRESS) if rule.lets(_HTTPS)]


def _is_closed(graph: Graph, resource: Resource) -> bool:
    """Whether all of its security groups state what they let out (else AWS's default lets out everything)."""
    own = _own_groups(graph, resource)
    return bool(own) and all(any(groups.own_rules(group, groups.EGRESS)) for group in own or ())


def _leads_to_gateway(graph: Graph, rule: groups.GroupRule) -> bool:
    return rule.body.get("DestinationPrefixListId") is not None or rule.world(graph) is not None


def _lets_in(graph: Graph, rule: groups.GroupRule, senders: list[Resource]) -> bool:
    if not rule.lets(_HTTPS):
        return False
    names = ("SourceSecurityGroupId", "SourceSecurityGroupName")
    if any(graph.referred(known(rule.body.get(name)), groups.GROUP) in senders for name in names):
        return True
    return _is_by_range(rule) or rule.body.get("SourcePrefixListId") is not None


def _lets_to(graph: Graph, rule: groups.GroupRule, receivers: list[Resource], endpoint: Resource) -> bool:
    if graph.referred(known(rule.body.get("DestinationSecurityGroupId")), groups.GROUP) in receivers:
        return True
    if not _is_by_range(rule):
        return False
    homes = [graph.referred(value, SUBNET) for value in texts(endpoint.get("SubnetIds"))]
    blocks = [parse(text(home.get("CidrBlock"))) for home in homes if home is not None]
    aims = [text(rule.body.get(name)) for name in ("CidrIp", "CidrIpv6")]
    return any(
        whole(aim) is not None
        or (network is not None and any(block is None or overlap(network, block) for block in blocks))
        for aim in aims
        for network in (parse(aim),)
    )


def _is_by_range(rule: groups.GroupRule) -> bool:
    return any(rule.body.get(name) is not None for name in ("CidrIp", "CidrIpv6"))
