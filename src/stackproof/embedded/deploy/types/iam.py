"""IAM."""

import json
from collections.abc import Iterable
from typing import Any

from stackproof.embedded.deploy.checks import check_policy
from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type
from stackproof.embedded.errors import UnsupportedProperty


@resource_type("AWS::IAM::Role")
class Role(ResourceType):
    """A role with its inline and managed policies."""

    properties = frozenset(
        {
            *("AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "MaxSessionDuration", "Path"),
            *("PermissionsBoundary", "Policies", "RoleName", "Tags"),
        }
    )
    required = frozenset({"AssumeRolePolicyDocument"})
    create_only = frozenset({"Path", "RoleName"})
    tags = "list"

    def create(self, ctx: Context, p: Properties) -> Created:
        name = p.get("RoleName") or ctx.generated_name(64)
        check_policy(ctx, p.get("AssumeRolePolicyDocument"), "AssumeRolePolicyDocument", principal=True)
        policies = self._policies(ctx, p)
        request = ctx.request("iam", "CreateRole", p, without=("ManagedPolicyArns", "Policies", "RoleName", "Tags"))
        made = ctx.call("iam", "CreateRole", RoleName=name, Tags=ctx.tag_list() or None, **request)["Role"]
        attributes = {"Arn": made["Arn"], "RoleId": made["RoleId"]}
        created = ctx.announce(Created(physical_id=name, arn=made["Arn"], attributes=attributes))
        for policy, document in policies.items():
            ctx.call("iam", "PutRolePolicy", RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
        for arn in p.get("ManagedPolicyArns", []):
            ctx.call("iam", "AttachRolePolicy", RoleName=name, PolicyArn=arn)
        return created

    def _policies(self, ctx: Context, p: Properties) -> dict[str, Any]:
        policies: dict[str, Any] = {}
        for i, policy in enumerate(p.get("Policies", [])):
            if unknown := sorted(set(policy) - {"PolicyName", "PolicyDocument"}):
                raise UnsupportedProperty(f"{ctx.logical_id}.Policies[{i}].{unknown[0]}: IAM knows no such property.")
            check_policy(ctx, policy.get("PolicyDocument"), f"Policies[{i}]", principal=False)
            policies[policy["PolicyName"]] = policy["PolicyDocument"]
        return policies

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        name = resource.physical_id
        role = ctx.call("iam", "GetRole", RoleName=name)["Role"]
        inline = ctx.call("iam", "ListRolePolicies", RoleName=name)["PolicyNames"]
        attached = ctx.call("iam", "ListAttachedRolePolicies", RoleName=name)["AttachedPolicies"]
        policies = [ctx.call("iam", "GetRolePolicy", RoleName=name, PolicyName=policy) for policy in inline]
        return {
            **role,
            "PermissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "Policies": policies,
            "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
        }

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        name, old = resource.physical_id, resource.properties
        if "PermissionsBoundary" in changed:
            return super().update(ctx, resource, p, frozenset({"PermissionsBoundary"}))
        if "AssumeRolePolicyDocument" in changed:
            check_policy(ctx, p["AssumeRolePolicyDocument"], "AssumeRolePolicyDocument", principal=True)
            document = json.dumps(p["AssumeRolePolicyDocument"])
            ctx.call("iam", "UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=document)
        if changed & {"Description", "MaxSessionDuration"}:
            duration = int(p.get("MaxSessionDuration", 3600))
            description = str(p.get("Description", ""))
            ctx.call("iam", "UpdateRole", RoleName=name, Description=description, MaxSessionDuration=duration)
        self._update_policies(ctx, name, self._policies(ctx, old), self._policies(ctx, p))
        for arn in _without(old.get("ManagedPolicyArns", []), p.get("ManagedPolicyArns", [])):
            ctx.call("iam", "DetachRolePolicy", RoleName=name, PolicyArn=arn)
        for arn in _without(p.get("ManagedPolicyArns", []), old.get("ManagedPolicyArns", [])):
            ctx.call("iam", "AttachRolePolicy", RoleName=name, PolicyArn=arn)
        if "Tags" in changed:
            if gone := _without(resource.tags, ctx.tags):
                ctx.call("iam", "UntagRole", RoleName=name, TagKeys=gone)
            ctx.call("iam", "TagRole", RoleName=name, Tags=ctx.tag_list())
        return Created(physical_id=name, arn=resource.arn, attributes=resource.attributes)

    def _update_policies(self, ctx: Context, name: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        for policy in _without(before, after):
            ctx.call("iam", "DeleteRolePolicy", RoleName=name, PolicyName=policy)
        for policy, document in after.items():
            if before.get(policy) != document:
                ctx.call("iam", "PutRolePolicy", RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))

    def delete(self, ctx: Context, resource: Resource) -> None:
        name = resource.physical_id
        for policy in ctx.call("iam", "ListRolePolicies", RoleName=name)["PolicyNames"]:
            ctx.call("iam", "DeleteRolePolicy", RoleName=name, PolicyName=policy)
        for policy in ctx.call("iam", "ListAttachedRolePolicies", RoleName=name)["AttachedPolicies"]:
            ctx.call("iam", "DetachRolePolicy", RoleName=name, PolicyArn=policy["PolicyArn"])
        ctx.call("iam", "DeleteRole", RoleName=name)


@resource_type("AWS::IAM::InstanceProfile")
class InstanceProfile(ResourceType):
    """An instance profile with its one role."""

    properties = frozenset({"InstanceProfileName", "Path", "Roles"})
    required = frozenset({"Roles"})
    create_only = frozenset({"InstanceProfileName", "Path"})

    def create(self, ctx: Context, p: Properties) -> Created:
        name = p.get("InstanceProfileName") or ctx.generated_name(128)
        made = ctx.call("iam", "CreateInstanceProfile", InstanceProfileName=name, Path=p.get("Path"))
        arn = made["InstanceProfile"]["Arn"]
        created = ctx.announce(Created(physical_id=name, arn=arn, attributes={"Arn": arn}))
        for role in p.get("Roles", []):
            ctx.call("iam", "AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=role)
        return created

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        profile = ctx.call("iam", "GetInstanceProfile", InstanceProfileName=resource.physical_id)["InstanceProfile"]
        return {**profile, "Roles": [role["RoleName"] for role in profile["Roles"]]}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        name = resource.physical_id
        for role in _without(resource.properties.get("Roles", []), p.get("Roles", [])):
            ctx.call("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=role)
        for role in _without(p.get("Roles", []), resource.properties.get("Roles", [])):
            ctx.call("iam", "AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=role)
        return Created(physical_id=name, arn=resource.arn, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        name = resource.physical_id
        profile = ctx.call("iam", "GetInstanceProfile", InstanceProfileName=name)["InstanceProfile"]
        for role in profile["Roles"]:
            ctx.call("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=role["RoleName"])
        ctx.call("iam", "DeleteInstanceProfile", InstanceProfileName=name)


@resource_type("AWS::IAM::ManagedPolicy")
class ManagedPolicy(ResourceType):
    """A managed policy and the roles that it is attached to; `Ref` is its ARN."""

    properties = frozenset({"Description", "ManagedPolicyName", "Path", "PolicyDocument", "Roles"})
    required = frozenset({"PolicyDocument"})
    create_only = frozenset({"Description", "ManagedPolicyName", "Path"})

    def create(self, ctx: Context, p: Properties) -> Created:
        check_policy(ctx, p.get("PolicyDocument"), "PolicyDocument", principal=False)
        name = p.get("ManagedPolicyName") or ctx.generated_name(128)
        request = ctx.request("iam", "CreatePolicy", p, without=("ManagedPolicyName", "Roles"))
        made = ctx.call("iam", "CreatePolicy", PolicyName=name, **request)["Policy"]
        arn = made["Arn"]
        created = ctx.announce(
            Created(physical_id=arn, arn=arn, attributes={"PolicyArn": arn, "PolicyId": made["PolicyId"]})
        )
        for role in p.get("Roles", []):
            ctx.call("iam", "AttachRolePolicy", RoleName=role, PolicyArn=arn)
        return created

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        arn = resource.physical_id
        policy = ctx.call("iam", "GetPolicy", PolicyArn=arn)["Policy"]
        version = ctx.call("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=policy["DefaultVersionId"])
        roles = ctx.call("iam", "ListEntitiesForPolicy", PolicyArn=arn)["PolicyRoles"]
        return {
            **policy,
            "ManagedPolicyName": policy["PolicyName"],
            "PolicyDocument": version["PolicyVersion"]["Document"],
            "Roles": [role["RoleName"] for role in roles],
        }

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        arn = resource.physical_id
        if "PolicyDocument" in changed:
            check_policy(ctx, p["PolicyDocument"], "PolicyDocument", principal=False)
            document = json.dumps(p["PolicyDocument"])
            ctx.call("iam", "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
        for role in _without(resource.properties.get("Roles", []), p.get("Roles", [])):
            ctx.call("iam", "DetachRolePolicy", RoleName=role, PolicyArn=arn)
        for role in _without(p.get("Roles", []), resource.properties.get("Roles", [])):
            ctx.call("iam", "AttachRolePolicy", RoleName=role, PolicyArn=arn)
        return Created(physical_id=arn, arn=arn, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        arn = resource.physical_id
        for role in ctx.call("iam", "ListEntitiesForPolicy", PolicyArn=arn)["PolicyRoles"]:
            ctx.call("iam", "DetachRolePolicy", RoleName=role["RoleName"], PolicyArn=arn)
        for version in ctx.call("iam", "ListPolicyVersions", PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                ctx.call("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version["VersionId"])
        ctx.call("iam", "DeletePolicy", PolicyArn=arn)


class _InlinePolicy(ResourceType):
    """A policy in roles, apart from them."""

    def roles(self, p: Properties) -> list[str]:
        """The roles that carry it."""
        raise NotImplementedError

    def create(self, ctx: Context, p: Properties) -> Created:
        check_policy(ctx, p.get("PolicyDocument"), "PolicyDocument", principal=False)
        document = json.dumps(p["PolicyDocument"])
        for role in self.roles(p):
            ctx.call("iam", "PutRolePolicy", RoleName=role, PolicyName=p["PolicyName"], PolicyDocument=document)
        return Created(physical_id=p["PolicyName"], attributes={"Id": p["PolicyName"]})

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        name = p["PolicyName"]
        found = [ctx.call("iam", "GetRolePolicy", RoleName=role, PolicyName=name) for role in self.roles(p)]
        roles = [answer["RoleName"] for answer in found]
        return {**found[0], "Roles": roles, "RoleName": roles[0]}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        for role in _without(self.roles(resource.properties), self.roles(p)):
            ctx.call("iam", "DeleteRolePolicy", RoleName=role, PolicyName=resource.properties["PolicyName"])
        return self.create(ctx, p)

    def delete(self, ctx: Context, resource: Resource) -> None:
        for role in self.roles(resource.properties):
            name = resource.properties["PolicyName"]
            if ctx.found("iam", "GetRolePolicy", RoleName=role, PolicyName=name):
                ctx.call("iam", "DeleteRolePolicy", RoleName=role, PolicyName=name)


@resource_type("AWS::IAM::Policy")
class Policy(_InlinePolicy):
    """An inline policy in one or more roles."""

    properties = frozenset({"PolicyDocument", "PolicyName", "Roles"})
    required = frozenset({"PolicyDocument", "PolicyName"})
    create_only = frozenset({"PolicyName"})

    def roles(self, p: Properties) -> list[str]:
        return list(p.get("Roles", []))


@resource_type("AWS::IAM::RolePolicy")
class RolePolicy(_InlinePolicy):
    """An inline policy in one role."""

    properties = frozenset({"PolicyDocument", "PolicyName", "RoleName"})
    required = frozenset({"PolicyName", "RoleName"})
    create_only = frozenset({"PolicyName", "RoleName"})

    def roles(self, p: Properties) -> list[str]:
        return [p["RoleName"]]


def _without(items: Iterable[str], others: Iterable[str]) -> list[str]:
    rest = set(others)
    return [item for item in items if item not in rest]
