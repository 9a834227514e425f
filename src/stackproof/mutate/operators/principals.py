"""Faults in who a policy admits, and under which conditions."""

from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.mutate import tree
from stackproof.mutate.model import Mutant
from stackproof.mutate.operators.statements import UNUSED, needed_by
from stackproof.mutate.policies import TLS, Kind, Statement, statements
from stackproof.mutate.registry import operator
from stackproof.mutate.target import Target
from stackproof.template.model import Resource
from stackproof.template.references import inside

STRANGER = "arn:aws:iam::999999999999:root"
_ADMITS = {
    Kind.TRUST: ("iam-trust",),
    Kind.RESOURCE: ("iam-public-principals",),
    Kind.KEY: ("iam-key-policies", "iam-public-principals"),
    Kind.ENDPOINT: ("network-endpoint-policies", "iam-public-principals"),
}
_CONTEXT = "whether a grant needs its condition: only the context of the recorded calls tells"


@operator("widen-principal")
def widen_principal(target: Target) -> Iterator[Mutant]:
    """A policy admits another account; or everybody, without the condition that bound the principal it had."""
    for statement in statements(target):
        place, whole = statement.element("Principal"), statement.element("Condition")
        # In an endpoint's policy the principals are those of the network: "*" is usual there.
        if place is None or not statement.allows or statement.kind is Kind.ENDPOINT:
            continue
        for value in ({"AWS": STRANGER}, {"AWS": "999999999999"}, {"AWS": [STRANGER, "*"]}):
            yield target.replace(place, value, _ADMITS[statement.kind])
        for everybody in ("*", {"AWS": "*"}):
            data = tree.replaced(target.data, place.origin, everybody)
            data = tree.removed(data, whole.slot) if whole is not None else data
            what = "everybody is admitted, without a condition"
            yield target.change(place.origin, data, what, _ADMITS[statement.kind], before=place.value, after=everybody)


@operator("other-service")
def other_service(target: Target) -> Iterator[Mutant]:
    """A role trusts another service than the one that uses it."""
    for statement in statements(target):
        place = statement.element("Principal", "Service")
        if place is not None and statement.kind is Kind.TRUST:
            for service in ("glue.amazonaws.com", "lambda.amazonaws.co"):
                yield target.replace(place, service, ("iam-trust",))


@operator("narrow-deny")
def narrow_deny(target: Target) -> Iterator[Mutant]:
    """A Deny forbids one principal, or one action, where it forbade all."""
    for statement in statements(target):
        if statement.allows:
            continue
        controls, _ = needed_by(statement)
        if (place := statement.element("Principal")) is not None and place.value in ("*", {"AWS": "*"}):
            yield target.replace(
                place, {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/one"}}, controls
            )
        for place in statement.items("Action"):
            if str(place.value).endswith(":*"):
                yield target.replace(place, f"{str(place.value)[:-1]}ListTags", (*controls, "iam-actions"))


@operator("delete-condition")
def delete_condition(target: Target) -> Iterator[Mutant]:
    """The condition of an Allow is removed, as a whole and key by key."""
    for statement in statements(target):
        whole = statement.element("Condition")
        if whole is None or not statement.allows:
            continue
        controls, record = _conditioned(statement)
        yield target.delete(whole, controls, needs_record=record)
        pairs = list(statement.conditions())
        for name, key, _ in pairs if len(pairs) > 1 else ():
            if not _is_said_again(statement, key) and (place := statement.element("Condition", name, key)) is not None:
                alone = len(whole.value[name]) == 1
                data = tree.removed(target.data, place.slot[:-1] if alone else place.slot)
                what = f"the condition on {key} is removed"
                yield target.change(place.slot, data, what, controls, before=place.value, needs_record=record)


@operator("loosen-condition")
def loosen_condition(target: Target) -> Iterator[Mutant]:
    """The condition of an Allow holds for everything, or for requests that lack the key."""
    for statement in statements(target):
        if not statement.allows:
            continue
        controls, record = _conditioned(statement)
        for name, key, _ in statement.conditions():
            place = statement.element("Condition", name, key)
            if place is None or name in ("Bool", "Null") or _is_said_again(statement, key):
                continue
            around = tree.at(target.data, place.slot[:-2])
            others = {other: item for other, item in around.items() if other != name}
            for loose, value in (("StringLike", "*"), (f"{name}IfExists", around[name][key])):
                kept = {k: v for k, v in around[name].items() if k != key}
                merged = {**others, **({name: kept} if kept else {})}
                merged[loose] = {**merged.get(loose, {}), key: value}
                data = tree.replaced(target.data, place.slot[:-2], merged)
                what = f"the condition on {key} is {loose}: {value if value == '*' else 'as before'}"
                yield target.change(place.slot, data, what, controls, before=name, after=loose, needs_record=record)


@operator("weaken-deny")
def weaken_deny(target: Target) -> Iterator[Mutant]:
    """The condition of a Deny is turned round, widened so that it never holds, or removed."""
    for statement in statements(target):
        whole = statement.element("Condition")
        if whole is None or statement.allows:
            continue
        controls, _ = needed_by(statement)
        if statement.demands_tls:
            yield target.delete(whole, controls)
        for name, key, value in statement.conditions():
            place = statement.element("Condition", name, key)
            if place is None:
                continue
            if key == TLS or str(value).lower() in ("true", "false"):
                yield target.replace(place, "true" if str(value).lower() == "false" else "false", controls)
            extra = {"StringEquals": {"aws:PrincipalTag/never": "matches"}}
            if name != "StringEquals":
                raw = tree.at(target.data, whole.origin)
                narrowed = {**raw, **extra}
                yield target.replace(whole, narrowed, controls, f"beside {key} a tag is asked for that nobody has")


@operator("attach-managed-policy")
def attach_managed_policy(target: Target) -> Iterator[Mutant]:
    """A role gets a managed policy that grants whole services."""
    for role in target.of_type("AWS::IAM::Role"):
        path = (*target.body(role), "Properties", "ManagedPolicyArns")
        known = tree.at(target.data, path) if tree.has(target.data, path) else []
        for arn in target.speaks.managed_policies:
            value = [*known, arn] if isinstance(known, list) else [arn]
            data = tree.replaced(target.data, path, value)
            yield target.change(
                path, data, f"{arn.rsplit('/', 1)[-1]} is attached", ("iam-managed-policies",), after=arn
            )


@operator("add-escalation")
def add_escalation(target: Target) -> Iterator[Mutant]:
    """A role gets a statement that lets it raise its own rights."""
    for role in target.of_type("AWS::IAM::Role"):
        for entry in target.speaks.escalations:
            controls = ("iam-privilege-escalation", "iam-pass-role")
            yield _granted(target, role, {"Effect": "Allow", **entry}, controls)


@operator("add-unused-grant")
def add_unused_grant(target: Target) -> Iterator[Mutant]:
    """A role gets a grant that its code does not use, on a resource of the template."""
    for role in target.of_type("AWS::IAM::Role"):
        for table in [*target.of_type("AWS::DynamoDB::Table")][:1]:
            entry = {
                "Effect": "Allow",
                "Action": "dynamodb:DescribeTable",
                "Resource": {"Fn::GetAtt": [table.logical_id, "Arn"]},
            }
            yield _granted(target, role, entry, ("iam-actions",), needs_record=UNUSED)


def _granted(
    target: Target, role: Resource, entry: Mapping[str, Any], controls: tuple[str, ...], needs_record: str = ""
) -> Mutant:
    path = (*target.body(role), "Properties", "Policies")
    known = tree.at(target.data, path) if tree.has(target.data, path) else []
    policy = {"PolicyName": "Added", "PolicyDocument": {"Version": "2012-10-17", "Statement": [entry]}}
    data = tree.replaced(target.data, path, [*known, policy])
    what = f"the role may {entry['Action']}"
    return target.change(path, data, what, controls, after=entry["Action"], needs_record=needs_record)


def _is_said_again(statement: Statement, key: str) -> bool:
    """Whether another condition has the account in its ARN, so that this one on the account says nothing more."""
    if key.lower() not in ("aws:sourceaccount", "kms:calleraccount"):
        return False
    return any(
        other != key and "AWS::AccountId" in {found.target for found in inside(value)}
        for _, other, value in statement.conditions()
        if other.lower().endswith("arn")
    )


def _conditioned(statement: Statement) -> tuple[tuple[str, ...], str]:
    """The controls that miss the condition of an Allow, or why only the record can tell."""
    if statement.kind is Kind.IDENTITY:
        passes = any(action.lower() == "iam:passrole" for action in statement.texts("Action"))
        return (("iam-pass-role",), "") if passes else (("iam-actions",), _CONTEXT)
    served, record = needed_by(statement)
    return (*_ADMITS[statement.kind], *(() if record else served)), ""
