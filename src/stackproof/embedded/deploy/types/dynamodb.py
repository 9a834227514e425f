"""DynamoDB."""

from collections.abc import Mapping
from typing import Any, ClassVar

from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type
from stackproof.embedded.errors import EmbeddedError

_CREATED = (
    *("AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "GlobalSecondaryIndexes", "KeySchema"),
    *("LocalSecondaryIndexes", "ProvisionedThroughput", "SSESpecification", "StreamSpecification", "TableClass"),
)
_MAX_DAYS = 35
_LATER = ("PointInTimeRecoverySpecification", "TimeToLiveSpecification")


@resource_type("AWS::DynamoDB::Table")
class Table(ResourceType):
    """A table."""

    properties = frozenset({"TableName", "Tags", *_CREATED, *_LATER})
    required = frozenset({"KeySchema"})
    create_only = frozenset({"TableName", "KeySchema", "LocalSecondaryIndexes"})
    tags = "list"
    renames: ClassVar[Mapping[str, str]] = {"SSEEnabled": "Enabled"}

    def create(self, ctx: Context, p: Properties) -> Created:
        name = p.get("TableName") or ctx.generated_name(255)
        request = ctx.request("dynamodb", "CreateTable", p, only=_CREATED, renames=self.renames)
        self._check(ctx, p)
        if "StreamSpecification" in request:
            request["StreamSpecification"]["StreamEnabled"] = True
        table = ctx.call("dynamodb", "CreateTable", TableName=name, Tags=ctx.tag_list() or None, **request)
        arn = table["TableDescription"]["TableArn"]
        attributes = {"Arn": arn, "StreamArn": table["TableDescription"].get("LatestStreamArn", "")}
        created = ctx.announce(Created(physical_id=name, arn=arn, attributes=attributes))
        self._settings(ctx, name, p, frozenset(p))
        return created

    def _check(self, ctx: Context, p: Properties) -> None:
        """Refuse what is not known before the table is there: one under deletion protection cannot be rolled back."""
        for operation, member in (("UpdateContinuousBackups", _LATER[0]), ("UpdateTimeToLive", _LATER[1])):
            ctx.convert("dynamodb", operation, member, p.get(member, {}))
        days = p.get(_LATER[0], {}).get("RecoveryPeriodInDays", _MAX_DAYS)
        if not 1 <= int(days) <= _MAX_DAYS:
            raise ctx.failed(f"{_LATER[0]}: ValidationException: RecoveryPeriodInDays is {days}, not 1 to {_MAX_DAYS}.")
        sse = p.get("SSESpecification", {})
        if "KMSMasterKeyId" in sse and (sse.get("SSEType") != "KMS" or str(sse.get("SSEEnabled")).lower() != "true"):
            raise ctx.failed("SSESpecification: KMSMasterKeyId needs SSEType KMS and SSEEnabled true.")

    def _settings(self, ctx: Context, name: str, p: Properties, changed: frozenset[str], old: Any = None) -> None:
        if "PointInTimeRecoverySpecification" in changed:
            declared = p.get("PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False})
            operation, member = "UpdateContinuousBackups", "PointInTimeRecoverySpecification"
            recovery = ctx.convert("dynamodb", operation, member, declared)
            if "RecoveryPeriodInDays" in recovery and not recovery.get("PointInTimeRecoveryEnabled"):
                raise ctx.failed(f"{member}: RecoveryPeriodInDays needs recovery to be enabled.")
            ctx.call("dynamodb", operation, TableName=name, **{member: recovery})
        if "TimeToLiveSpecification" in changed:
            self._expire(ctx, name, p.get("TimeToLiveSpecification"), old)

    def _expire(self, ctx: Context, name: str, wanted: Any, old: Any) -> None:
        """AWS takes a switch-off of what is on, and a switch-on of what is off; a new attribute needs both."""
        specification = ctx.convert("dynamodb", "UpdateTimeToLive", "TimeToLiveSpecification", wanted or {})
        if old and str(old.get("Enabled")).lower() == "true":
            off = {"AttributeName": old["AttributeName"], "Enabled": False}
            ctx.call("dynamodb", "UpdateTimeToLive", TableName=name, TimeToLiveSpecification=off)
        if specification.get("Enabled"):
            ctx.call("dynamodb", "UpdateTimeToLive", TableName=name, TimeToLiveSpecification=specification)

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        name = resource.physical_id
        table = ctx.call("dynamodb", "DescribeTable", TableName=name)["Table"]
        backups = ctx.call("dynamodb", "DescribeContinuousBackups", TableName=name)["ContinuousBackupsDescription"]
        recovery = backups.get("PointInTimeRecoveryDescription", {})
        expiry = ctx.call("dynamodb", "DescribeTimeToLive", TableName=name)["TimeToLiveDescription"]
        sse = table.get("SSEDescription", {})
        on = sse.get("Status") == "ENABLED"
        return {
            **table,
            "BillingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            "TableClass": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
            "SSESpecification": {"SSEEnabled": on, **sse, "KMSMasterKeyId": sse.get("KMSMasterKeyArn")},
            "PointInTimeRecoverySpecification": {
                **recovery,
                "PointInTimeRecoveryEnabled": recovery.get("PointInTimeRecoveryStatus") == "ENABLED",
            },
            "TimeToLiveSpecification": {**expiry, **_expiry(expiry, p)},
            "Tags": ctx.call("dynamodb", "ListTagsOfResource", ResourceArn=resource.arn)["Tags"],
        }

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        name = resource.physical_id
        old = resource.properties
        self._settings(ctx, name, p, changed, old.get("TimeToLiveSpecification"))
        direct = changed & {
            "BillingMode",
            "DeletionProtectionEnabled",
            "ProvisionedThroughput",
            "SSESpecification",
            "TableClass",
        }
        if rest := changed - direct - {*_LATER, "Tags", "GlobalSecondaryIndexes", "AttributeDefinitions"}:
            raise EmbeddedError(f"{ctx.logical_id}: the update of {', '.join(sorted(rest))} is not emulated.")
        if missing := sorted(direct - set(p)):
            if missing != ["DeletionProtectionEnabled"]:
                raise EmbeddedError(f"{ctx.logical_id}: taking {missing[0]} away is not emulated.")
            p = {**p, "DeletionProtectionEnabled": False}
        if direct:
            request = ctx.request("dynamodb", "UpdateTable", p, only=tuple(direct), renames=self.renames)
            ctx.call("dynamodb", "UpdateTable", TableName=name, **request)
        if "GlobalSecondaryIndexes" in changed:
            self._index(ctx, name, old, p)
        if "Tags" in changed:
            if gone := [key for key in resource.tags if key not in ctx.tags]:
                ctx.call("dynamodb", "UntagResource", ResourceArn=resource.arn, TagKeys=gone)
            ctx.call("dynamodb", "TagResource", ResourceArn=resource.arn, Tags=ctx.tag_list())
        return Created(physical_id=name, arn=resource.arn, attributes=resource.attributes)

    def _index(self, ctx: Context, name: str, old: Properties, new: Properties) -> None:
        """One index may be added or deleted in an update, not both (aws-facts 7)."""
        before = {index["IndexName"]: index for index in old.get("GlobalSecondaryIndexes", [])}
        after = {index["IndexName"]: index for index in new.get("GlobalSecondaryIndexes", [])}
        changes = [{"Create": after[n]} for n in after if n not in before]
        changes += [{"Delete": {"IndexName": n}} for n in before if n not in after]
        if len(changes) != 1 or any(before[n] != after[n] for n in before if n in after):
            raise ctx.failed("GlobalSecondaryIndexes: one index can be added or deleted in an update, none changed.")
        update = ctx.convert("dynamodb", "UpdateTable", "GlobalSecondaryIndexUpdates", changes)
        definitions = ctx.convert("dynamodb", "UpdateTable", "AttributeDefinitions", new["AttributeDefinitions"])
        ctx.call(
            *("dynamodb", "UpdateTable"),
            TableName=name,
            AttributeDefinitions=definitions,
            GlobalSecondaryIndexUpdates=update,
        )

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("dynamodb", "DeleteTable", TableName=resource.physical_id)


def _expiry(described: Mapping[str, Any], p: Properties) -> dict[str, Any]:
    """Of an expiry that is off, AWS does not keep the attribute's name."""
    if described.get("TimeToLiveStatus") == "ENABLED":
        return {"Enabled": True}
    return {"Enabled": False, "AttributeName": p.get("TimeToLiveSpecification", {}).get("AttributeName")}
