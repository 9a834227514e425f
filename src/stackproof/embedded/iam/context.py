"""The condition keys that every request has (IAM User Guide, "Global condition context keys")."""

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.deployed import Identity
from stackproof.embedded.iam.evaluate import Caller
from stackproof.embedded.iam.operations.entry import Need
from stackproof.embedded.identity import Principal
from stackproof.embedded.world import Account, World

Values = dict[str, tuple[str, ...]]

UNKNOWN = frozenset(
    {
        # the network between caller and service, which does not exist here
        "aws:sourceip",
        "aws:sourcevpc*",
        "aws:vpc*",
        "aws:ec2instancesourcevpc",
        "aws:ec2instancesourceprivateipv4",
        "ec2:sourceinstancearn",
        "aws:useragent",
        "aws:referer",
        # the credentials' issue, and what the embedded AWS does not keep
        "aws:tokenissuetime",
        "aws:assumedroot",
        "aws:resourcetag/*",
        "aws:resourceorg*",
        "aws:principalorg*",
        "aws:sourceorg*",
        "lambda:sourcefunctionarn",
        "glue:*",
        "identitystore:*",
    }
)
"""Patterns of global keys that a real request may carry with a value that cannot be told here."""


def caller(principal: Principal) -> Caller:
    """The caller behind a role's principal."""
    parts = principal.arn.split(":")
    if len(parts) != 6 or not parts[5].startswith("role/"):
        raise EmbeddedError(f"{principal.arn} is no role; only roles are judged.")
    session = f"arn:{parts[1]}:sts::{parts[4]}:assumed-role/{parts[5].rsplit('/', 1)[-1]}/{principal.session}"
    return Caller(arn=principal.arn, session_arn=session, account=parts[4])


def owner(resource: str) -> str:
    """The ARN that a resource's policy hangs on: an object's bucket, an index's table."""
    service, name = resource.split(":")[2], resource.split(":", 5)[5]
    if service == "s3":
        return resource.partition("/")[0]
    return "/".join(resource.split("/")[:2]) if service == "dynamodb" and "/" in name else resource


def of_role(principal: Principal, caller: Caller, role: Identity | None, need: Need, world: World) -> Values:
    """What a request of a role carries."""
    values: Values = {
        **_shared(need.resource, world),
        "aws:principalarn": (principal.arn,),
        "aws:principalaccount": (caller.account,),
        "aws:principaltype": ("AssumedRole",),
        "aws:principalisawsservice": ("false",),
    }
    if need.action.startswith("kms:"):
        values["kms:calleraccount"] = (caller.account,)
    if role is not None:
        values["aws:userid"] = (f"{role.unique_id}:{principal.session}",)
        values |= {f"aws:principaltag/{name}".lower(): (value,) for name, value in role.tags.items()}
    return values


def of_service(service: str, resource: str, world: World) -> Values:
    """What a request of an AWS service as itself carries, its source aside."""
    return {
        **_shared(resource, world),
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (service,),
        "aws:principalservicenameslist": (service,),
    }


def of_source(service: str, action: str, source_arn: str, account: Account) -> Values:
    """Where a service's request comes from. `aws:SourceOwner`, in SNS's default policy, is an older name of the account
    that only CloudWatch's alarms are known to pass. EC2 passes nothing for an instance's role (aws-facts 9)."""
    if service == "ec2.amazonaws.com":
        return {}
    parts = source_arn.split(":")
    owner_id = parts[4] if len(parts) > 5 and parts[4] else account.id  # a bucket's ARN names no account
    values: Values = {"aws:sourcearn": (source_arn,), "aws:sourceaccount": (owner_id,)}
    if service == "cloudwatch.amazonaws.com" and action.startswith("sns:"):
        values["aws:sourceowner"] = (account.id,)
    return values


def _shared(resource: str, world: World) -> Values:
    now = world.clock.now()
    values: Values = {
        "aws:currenttime": (now.isoformat().replace("+00:00", "Z"),),
        "aws:epochtime": (str(int(now.timestamp())),),
        "aws:requestedregion": (world.account.region,),
        "aws:securetransport": ("true",),
        "aws:viaawsservice": ("false",),
    }
    if resource != "*":
        values["aws:resourceaccount"] = (resource.split(":")[4] or world.account.id,)
    return values
