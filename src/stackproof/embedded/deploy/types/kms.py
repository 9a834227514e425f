"""KMS."""

import json
from typing import Any

from stackproof.embedded.deploy.checks import check_key_policy
from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type


@resource_type("AWS::KMS::Key")
class Key(ResourceType):
    """A key."""

    properties = frozenset(
        {
            *("Description", "Enabled", "EnableKeyRotation", "KeyPolicy", "KeySpec", "KeyUsage", "MultiRegion"),
            *("PendingWindowInDays", "RotationPeriodInDays", "Tags"),
        }
    )
    create_only = frozenset({"KeySpec", "KeyUsage", "MultiRegion"})
    write_only = frozenset({"PendingWindowInDays"})
    tags = "list"

    def create(self, ctx: Context, p: Properties) -> Created:
        if "KeyPolicy" in p:
            check_key_policy(ctx, p["KeyPolicy"])
        tags = [{"TagKey": key, "TagValue": value} for key, value in ctx.tags.items()]
        request = ctx.request(
            *("kms", "CreateKey", p),
            only=("Description", "KeyPolicy", "KeySpec", "KeyUsage", "MultiRegion"),
            renames={"KeyPolicy": "Policy"},
        )
        made = ctx.call("kms", "CreateKey", **request, Tags=tags or None)["KeyMetadata"]
        attributes = {"Arn": made["Arn"], "KeyId": made["KeyId"]}
        created = ctx.announce(Created(physical_id=made["KeyId"], arn=made["Arn"], attributes=attributes))
        self._settings(ctx, made["KeyId"], p, frozenset(p))
        return created

    def _settings(self, ctx: Context, key: str, p: Properties, changed: frozenset[str]) -> None:
        if changed & {"EnableKeyRotation", "RotationPeriodInDays"}:
            if _true(p.get("EnableKeyRotation", False)):
                days = ctx.request("kms", "EnableKeyRotation", p, only=("RotationPeriodInDays",))
                ctx.call("kms", "EnableKeyRotation", KeyId=key, **days)
            else:
                ctx.call("kms", "DisableKeyRotation", KeyId=key)
        if "Enabled" in changed:
            ctx.call("kms", "EnableKey" if _true(p.get("Enabled", True)) else "DisableKey", KeyId=key)

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        key = resource.physical_id
        about = ctx.call("kms", "DescribeKey", KeyId=key)["KeyMetadata"]
        policy = ctx.call("kms", "GetKeyPolicy", KeyId=key, PolicyName="default")["Policy"]
        rotation = ctx.call("kms", "GetKeyRotationStatus", KeyId=key)
        tags = ctx.call("kms", "ListResourceTags", KeyId=key)["Tags"]
        return {
            **about,
            "KeyPolicy": policy,
            "EnableKeyRotation": rotation["KeyRotationEnabled"],
            "RotationPeriodInDays": rotation.get("RotationPeriodInDays"),
            "Tags": tags,
        }

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        key = resource.physical_id
        if "KeyPolicy" in changed:
            check_key_policy(ctx, p["KeyPolicy"])
            ctx.call("kms", "PutKeyPolicy", KeyId=key, PolicyName="default", Policy=json.dumps(p["KeyPolicy"]))
        if "Description" in changed:
            ctx.call("kms", "UpdateKeyDescription", KeyId=key, Description=str(p.get("Description", "")))
        self._settings(ctx, key, p, changed)
        if "Tags" in changed:
            if gone := [name for name in resource.tags if name not in ctx.tags]:
                ctx.call("kms", "UntagResource", KeyId=key, TagKeys=gone)
            tags = [{"TagKey": name, "TagValue": value} for name, value in ctx.tags.items()]
            ctx.call("kms", "TagResource", KeyId=key, Tags=tags)
        return Created(physical_id=key, arn=resource.arn, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        days = int(resource.properties.get("PendingWindowInDays", 30))
        ctx.call("kms", "ScheduleKeyDeletion", KeyId=resource.physical_id, PendingWindowInDays=days)


@resource_type("AWS::KMS::Alias")
class Alias(ResourceType):
    """An alias of a key."""

    properties = frozenset({"AliasName", "TargetKeyId"})
    required = frozenset({"AliasName", "TargetKeyId"})
    create_only = frozenset({"AliasName"})

    def create(self, ctx: Context, p: Properties) -> Created:
        ctx.call("kms", "CreateAlias", **ctx.request("kms", "CreateAlias", p))
        return Created(physical_id=p["AliasName"])

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        aliases = ctx.call("kms", "ListAliases")["Aliases"]
        found = next(a for a in aliases if a["AliasName"] == resource.physical_id)
        target = p["TargetKeyId"]
        return {**found, "TargetKeyId": target if target.endswith(found["TargetKeyId"]) else found["TargetKeyId"]}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        ctx.call("kms", "UpdateAlias", AliasName=resource.physical_id, TargetKeyId=p["TargetKeyId"])
        return Created(physical_id=resource.physical_id)

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("kms", "DeleteAlias", AliasName=resource.physical_id)


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
