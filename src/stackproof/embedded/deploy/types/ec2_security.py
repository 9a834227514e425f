"""EC2: security groups and their rules."""

from collections.abc import Mapping
from typing import Any, ClassVar

from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type
from stackproof.embedded.deploy.types.ec2 import Ec2Type
from stackproof.embedded.errors import UnsupportedProperty

_RANGES = {  # property -> (list in IpPermission, its field)
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
}
_PLAIN = ("IpProtocol", "FromPort", "ToPort")
_ALL = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
_DIRECTIONS = {
    "SecurityGroupIngress": ("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "IpPermissions", "Source"),
    "SecurityGroupEgress": (
        *("AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress", "IpPermissionsEgress"),
        "Destination",
    ),
}


def permission(rule: Properties, path: str, side: str) -> dict[str, Any]:
    """A rule in CloudFormation's form as the API's IpPermission.

    Raises: UnsupportedProperty for what is not known, or a rule without exactly one peer.
    """
    peers = [name for name in _RANGES if name in rule]
    allowed = {*_PLAIN, "Description", "CidrIp", "CidrIpv6", f"{side}SecurityGroupId", f"{side}PrefixListId"}
    if unknown := sorted(set(rule) - allowed):
        raise UnsupportedProperty(f"{path}.{unknown[0]}: the embedded AWS knows no such property.")
    if len(peers) != 1 or "IpProtocol" not in rule:
        raise UnsupportedProperty(f"{path}: a rule needs IpProtocol and exactly one peer, not {peers}.")
    container, field = _RANGES[peers[0]]
    peer = {field: rule[peers[0]]}
    if "Description" in rule:
        peer["Description"] = rule["Description"]
    ports = {name: int(rule[name]) for name in ("FromPort", "ToPort") if name in rule}
    return {"IpProtocol": str(rule["IpProtocol"]), **ports, container: [peer]}


def flat(permissions: list[dict[str, Any]], side: str) -> list[dict[str, Any]]:
    """The API's IpPermissions as rules in CloudFormation's form."""
    names = {
        "IpRanges": ("CidrIp", "CidrIp"),
        "Ipv6Ranges": ("CidrIpv6", "CidrIpv6"),
        "UserIdGroupPairs": ("GroupId", f"{side}SecurityGroupId"),
        "PrefixListIds": ("PrefixListId", f"{side}PrefixListId"),
    }
    return [
        {
            **{key: entry[key] for key in _PLAIN if key in entry},
            name: peer[field],
            **({"Description": peer["Description"]} if peer.get("Description") else {}),
        }
        for entry in permissions
        for container, (field, name) in names.items()
        for peer in entry.get(container, [])
    ]


@resource_type("AWS::EC2::SecurityGroup")
class SecurityGroup(Ec2Type):
    """A security group; explicit egress takes the place of the default rule."""

    properties = frozenset({"GroupDescription", "GroupName", "Tags", "VpcId", *_DIRECTIONS})
    required = frozenset({"GroupDescription"})
    create_only = frozenset({"GroupDescription", "GroupName", "VpcId"})
    renames: ClassVar[Mapping[str, str]] = {"GroupDescription": "Description"}
    kind = "security-group"
    operations = ("CreateSecurityGroup", "DescribeSecurityGroups", "DeleteSecurityGroup")
    created = ("", "GroupId")
    described = ("SecurityGroups", "GroupIds")
    deleted_by = "GroupId"

    def create(self, ctx: Context, p: Properties) -> Created:
        rules = {name: self._permissions(ctx, name, p) for name in _DIRECTIONS}
        base = {"GroupName": ctx.generated_name(255), **p}
        request = ctx.request("ec2", self.operations[0], base, without=("Tags", *_DIRECTIONS), renames=self.renames)
        created = self.make(ctx, request)
        attributes = {"GroupId": created.physical_id, "Id": created.physical_id, "VpcId": p.get("VpcId")}
        created = ctx.announce(Created(physical_id=created.physical_id, arn=created.arn, attributes=attributes))
        if rules["SecurityGroupEgress"]:
            ctx.call("ec2", "RevokeSecurityGroupEgress", GroupId=created.physical_id, IpPermissions=[_ALL])
        for name, permissions in rules.items():
            if permissions:
                ctx.call("ec2", _DIRECTIONS[name][0], GroupId=created.physical_id, IpPermissions=permissions)
        return created

    def _permissions(self, ctx: Context, name: str, p: Properties) -> list[dict[str, Any]]:
        side = _DIRECTIONS[name][3]
        return [permission(rule, f"{ctx.logical_id}.{name}[{i}]", side) for i, rule in enumerate(p.get(name, []))]

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        item = self.describe(ctx, resource.physical_id)
        declared = {name: _declared_only(p.get(name), item, name) for name in _DIRECTIONS}
        return {**item, "GroupDescription": item["Description"], **declared}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        for name in sorted(changed & set(_DIRECTIONS)):
            authorize, revoke, _, _ = _DIRECTIONS[name]
            old, new = self._permissions(ctx, name, resource.properties), self._permissions(ctx, name, p)
            if name == "SecurityGroupEgress":
                old, new = old or [_ALL], new or [_ALL]
            if gone := [rule for rule in old if rule not in new]:
                ctx.call("ec2", revoke, GroupId=resource.physical_id, IpPermissions=gone)
            if fresh := [rule for rule in new if rule not in old]:
                ctx.call("ec2", authorize, GroupId=resource.physical_id, IpPermissions=fresh)
        return super().update(ctx, resource, p, changed - set(_DIRECTIONS))


class _Rule(ResourceType):
    """A rule that stands apart from its group."""

    direction: ClassVar[str]

    def create(self, ctx: Context, p: Properties) -> Created:
        authorize, _, _, side = _DIRECTIONS[self.direction]
        answer = ctx.call("ec2", authorize, GroupId=p["GroupId"], IpPermissions=[self._rule(ctx, p, side)])
        rules = answer.get("SecurityGroupRules") or []
        identity = rules[0]["SecurityGroupRuleId"] if rules else ctx.generated_name(255)
        return Created(physical_id=identity, attributes={"Id": identity})

    def _rule(self, ctx: Context, p: Properties, side: str) -> dict[str, Any]:
        return permission({k: v for k, v in p.items() if k != "GroupId"}, ctx.logical_id, side)

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        _, _, container, side = _DIRECTIONS[self.direction]
        group = ctx.call("ec2", "DescribeSecurityGroups", GroupIds=[p["GroupId"]])["SecurityGroups"][0]
        wanted = {k: str(v) for k, v in p.items() if k != "GroupId"}
        rules = flat(group[container], side)
        found = [rule for rule in rules if {k: str(v) for k, v in rule.items()} == wanted]
        return {"GroupId": group["GroupId"], **(found or [{}])[0]}

    def delete(self, ctx: Context, resource: Resource) -> None:
        _, revoke, _, side = _DIRECTIONS[self.direction]
        p = resource.properties
        ctx.call("ec2", revoke, GroupId=p["GroupId"], IpPermissions=[self._rule(ctx, p, side)])


@resource_type("AWS::EC2::SecurityGroupIngress")
class Ingress(_Rule):
    """What may come in."""

    direction = "SecurityGroupIngress"
    properties = frozenset(
        {*_PLAIN, "Description", "GroupId", "CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourcePrefixListId"}
    )
    required = frozenset({"GroupId", "IpProtocol"})
    create_only = properties


@resource_type("AWS::EC2::SecurityGroupEgress")
class Egress(_Rule):
    """What may go out."""

    direction = "SecurityGroupEgress"
    properties = frozenset(
        {
            *_PLAIN,
            "Description",
            "GroupId",
            "CidrIp",
            "CidrIpv6",
            "DestinationSecurityGroupId",
            "DestinationPrefixListId",
        }
    )
    required = frozenset({"GroupId", "IpProtocol"})
    create_only = properties


def _declared_only(declared: Any, item: Any, name: str) -> Any:
    """The group's rules in the shape of the declared ones; without those that stand apart from the group."""
    if declared is None:
        return None
    _, _, container, side = _DIRECTIONS[name]
    actual = flat(item[container], side)
    return [next((rule for rule in actual if _alike(rule, wanted)), None) for wanted in declared]


def _alike(one: Properties, other: Properties) -> bool:
    return {k: str(v) for k, v in one.items()} == {k: str(v) for k, v in other.items()}
