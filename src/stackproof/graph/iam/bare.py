"""Resources that are one statement of another resource's policy, without a document of their own."""

from collections.abc import Mapping
from typing import Any

from stackproof.template.model import Resource, Unknown
from stackproof.template.references import whole


def bare_statement(resource: Resource) -> dict[str, Any] | None:
    """The statement that a resource is, None for a type that is none (schemas of the types)."""
    held = resource.properties
    match resource.type:
        case "AWS::Lambda::Permission":
            keys = {"aws:SourceAccount": held.get("SourceAccount"), "aws:PrincipalOrgID": held.get("PrincipalOrgID")}
            on = held.get("FunctionName")
        case "AWS::Events::EventBusPolicy" if held.get("Statement") is None:
            keys, on = {}, held.get("EventBusName")
        case _:
            return None
    given = {key: value for key, value in keys.items() if value is not None}
    conditions: dict[str, Any] = {"StringEquals": given} if given else {}
    if held.get("SourceArn") is not None:
        conditions["ArnLike"] = {"aws:SourceArn": held["SourceArn"]}
    limit = held.get("Condition")
    if isinstance(limit, Mapping) and isinstance(limit.get("Type"), str) and isinstance(limit.get("Key"), str):
        conditions[limit["Type"]] = {limit["Key"]: limit.get("Value")}
    body = {"Effect": "Allow", "Principal": _principal(held.get("Principal")), "Action": held.get("Action")}
    return {**body, "Resource": on, **({"Condition": conditions} if conditions else {})}


def _principal(value: Any) -> Any:
    if isinstance(value, Unknown) or value == "*":
        return value
    is_service = isinstance(value, str) and "." in value and not value.startswith("arn:") and whole(value) is None
    return {"Service" if is_service else "AWS": value}
