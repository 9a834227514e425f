"""What real AWS checks while it makes a resource and moto does not. Sources: aws-facts by section."""

import fnmatch
import json
from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.embedded.deploy.context import Context

_LOG_ACTIONS = ("kms:encrypt", "kms:decrypt", "kms:generatedatakey")
"""What CloudWatch Logs does with a group's key (CloudWatch Logs, Encrypt log data using KMS)."""


def statements(policy: Any) -> Iterator[Mapping[str, Any]]:
    """The statements of a policy document."""
    found = policy.get("Statement", []) if isinstance(policy, Mapping) else []
    yield from found if isinstance(found, list) else [found]


def many(value: Any) -> list[Any]:
    """A value that may stand alone, as a list."""
    return value if isinstance(value, list) else [value]


def check_key_policy(ctx: Context, policy: Any) -> None:
    """The account root must stay able to put the key's policy (KMS, API CreateKey.Policy; aws-facts 1)."""
    check_policy(ctx, policy, "KeyPolicy", principal=True)
    root = {f"arn:{ctx.world.account.partition}:iam::{ctx.world.account.id}:root", ctx.world.account.id, "*"}
    for statement in statements(policy):
        principals = statement.get("Principal", {})
        named = set(many(principals.get("AWS", []))) if isinstance(principals, Mapping) else set(many(principals))
        actions = many(statement.get("Action", []))
        allows = statement.get("Effect") == "Allow" and named & root and "Condition" not in statement
        if allows and any(fnmatch.fnmatch("kms:putkeypolicy", str(action).lower()) for action in actions):
            return
    raise ctx.failed(
        "KeyPolicy: MalformedPolicyDocumentException: The new key policy will not allow you to update the key policy "
        "in the future. Allow kms:PutKeyPolicy to the account root."
    )


def check_policy(ctx: Context, policy: Any, where: str, *, principal: bool) -> None:
    """The form of a policy document: version, effects, actions, resources, principals (IAM, policy grammar)."""
    if not isinstance(policy, Mapping) or not list(statements(policy)):
        raise ctx.failed(f"{where}: MalformedPolicyDocument: a policy needs at least one statement.")
    if policy.get("Version") not in ("2012-10-17", "2008-10-17"):
        raise ctx.failed(f"{where}: MalformedPolicyDocument: Version must be 2012-10-17.")
    known = {
        *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"),
        "Condition",
    }
    for statement in statements(policy):
        label = f"{where}, statement {statement.get('Sid', '(no Sid)')}"
        if unknown := set(statement) - known:
            raise ctx.failed(f"{label}: MalformedPolicyDocument: unknown element {sorted(unknown)[0]}.")
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise ctx.failed(f"{label}: MalformedPolicyDocument: Effect must be Allow or Deny.")
        if ("Action" in statement) == ("NotAction" in statement):
            raise ctx.failed(f"{label}: MalformedPolicyDocument: it needs Action or NotAction.")
        if principal != bool({"Principal", "NotPrincipal"} & set(statement)):
            raise ctx.failed(f"{label}: MalformedPolicyDocument: {'no' if principal else 'unexpected'} Principal.")
        _check_principal(ctx, label, statement.get("Principal", statement.get("NotPrincipal")))


def _check_principal(ctx: Context, label: str, principal: Any) -> None:
    if principal is None or principal == "*":
        return
    kinds = {"AWS", "Service", "Federated", "CanonicalUser"}
    if not isinstance(principal, Mapping) or not set(principal) <= kinds:
        raise ctx.failed(f"{label}: MalformedPolicyDocument: invalid principal {principal!r}.")
    for name in many(principal.get("AWS", [])):
        text = str(name)
        if text != "*" and not text.startswith("arn:") and not (text.isdigit() and len(text) == 12):
            raise ctx.failed(f"{label}: MalformedPolicyDocument: invalid principal {text!r}.")
        role = text.partition(f":iam::{ctx.world.account.id}:role/")[2].rpartition("/")[2]
        if role and "*" not in role and ctx.found("iam", "GetRole", RoleName=role) is None:
            raise ctx.failed(f"{label}: MalformedPolicyDocument: the principal {text} does not exist.")
    for name in many(principal.get("Service", [])):
        if not str(name).endswith((".amazonaws.com", ".aws.internal")):
            raise ctx.failed(f"{label}: MalformedPolicyDocument: invalid service principal {name!r}.")


def check_log_key(ctx: Context, key_arn: str, group: str) -> None:
    """The key's policy must let CloudWatch Logs use it for this group (aws-facts 1, log groups)."""
    account = ctx.world.account
    arn = account.arn("logs", f"log-group:{group}")
    if not str(key_arn).startswith("arn:"):
        raise ctx.failed(f"KmsKeyId: InvalidParameterException: it must be the key's ARN, not {key_arn!r}.")
    policy = json.loads(ctx.call("kms", "GetKeyPolicy", KeyId=key_arn, PolicyName="default")["Policy"])
    for statement in statements(policy):
        principal = statement.get("Principal", {})
        services = many(principal.get("Service", [])) if isinstance(principal, Mapping) else []
        if statement.get("Effect") != "Allow" or f"logs.{account.region}.amazonaws.com" not in services:
            continue
        limits = [
            pattern
            for test in statement.get("Condition", {}).values()
            for key, value in test.items()
            if key.lower() == "kms:encryptioncontext:aws:logs:arn"
            for pattern in many(value)
        ]
        patterns = [str(pattern).lower() for pattern in many(statement.get("Action", []))]
        if not all(any(fnmatch.fnmatchcase(action, pattern) for pattern in patterns) for action in _LOG_ACTIONS):
            continue
        if not limits or any(fnmatch.fnmatchcase(arn, str(pattern)) for pattern in limits):
            return
    raise ctx.failed(
        f"KmsKeyId: AccessDeniedException: the policy of {key_arn} does not let "
        f"logs.{account.region}.amazonaws.com use it for {arn}."
    )
