"""Permissions of functions: AWS's short form of a resource policy."""

from collections.abc import Iterator

from stackproof.graph.access import Access
from stackproof.graph.arns import arn, common
from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import expand, is_wildcard
from stackproof.graph.iam.data import SENDS_SOURCE_ACCOUNT
from stackproof.graph.iam.documents import Kind, Statement
from stackproof.graph.iam.principals import OWN, account, foreigners, is_service
from stackproof.graph.iam.wiring import function_of, miswired, service_tokens
from stackproof.graph.values import text
from stackproof.template.model import Resource
from stackproof.template.references import display, target, whole

# The service in the source's ARN where it is not the first word of the principal (guides on using Lambda with the
# service).
_ARN_SERVICE = {
    "apigateway": "execute-api",
    "edgelambda": "cloudfront",
    "lex": "lex",
    "ses": "ses",
    "s3": "s3",
    "logs": "logs",
    "delivery": "logs",
    "iot": "iot",
}
# Services that send no ARN of a source, so that the account must do (AWS Config, Secrets Manager).
_ACCOUNT_ONLY = ("config.amazonaws.com", "secretsmanager.amazonaws.com", "lexv2.amazonaws.com")


def permission_faults(graph: Graph, permission: Resource, access: Access | None) -> Iterator[tuple[str, str]]:
    """What is wrong with a permission: (message, property).

    Raises: UnknownValueError.
    """
    if permission.type == "AWS::Lambda::Url":
        if text(permission.properties.get("AuthType")) != "AWS_IAM":
            yield "everybody may call it: AuthType is not AWS_IAM", "AuthType"
        return
    principal = text(permission.properties.get("Principal"))
    action = text(permission.properties.get("Action"))
    if is_wildcard(action) or not expand(action):
        yield f"grants {action or 'no action'}, which is no action of Lambda", "Action"
    elif permission.type.endswith("::Permission") and not action.lower().startswith("lambda:invokefunction"):
        yield f"grants {action}, which is more than to invoke", "Action"
    if principal == "*" and not text(
        permission.properties.get("PrincipalOrgID") or permission.properties.get("OrganizationId")
    ):
        yield "lets everybody in", "Principal"
    elif is_service(graph, principal):
        yield from _service_faults(graph, permission, common(graph, principal))
    elif principal != "*":
        yield from _account_faults(graph, permission, principal, access)


def _service_faults(graph: Graph, permission: Resource, principal: str) -> Iterator[tuple[str, str]]:
    source = text(permission.properties.get("SourceArn"))
    owner = permission.properties.get("SourceAccount")
    has_account = owner is not None and account(text(owner)) is not None
    if principal == "alexa-appkit.amazon.com" or text(permission.properties.get("EventSourceToken")):
        return
    if owner is not None and account(text(owner)) != OWN:
        yield f"SourceAccount is {display(text(owner))}, which is another account or none", "SourceAccount"
    if not source:
        if principal not in _ACCOUNT_ONLY or not has_account:
            yield f"lets {principal} in for anybody's resource: there is no SourceArn", "SourceArn"
        return
    form = common(graph, source)
    if not _is_arn(graph, source, form):
        yield f"SourceArn is {display(source)}, which is no ARN", "SourceArn"
        return
    arn_account = account(form) if whole(source) is None or form.startswith("arn:") else OWN
    if whole(source) is None and account(source) not in (None, OWN):
        yield f"SourceArn is of another account: {display(source)}", "SourceArn"
    is_due = principal in SENDS_SOURCE_ACCOUNT and _is_written(graph, permission)
    if not has_account and (arn_account is None or is_due):
        yield f"lets {principal} in without saying for which account: there is no SourceAccount", "SourceAccount"
    if _is_wide(form):
        yield f"SourceArn covers every source: {display(source)}", "SourceArn"
    if not _is_of(graph, source, form, principal):
        yield f"SourceArn is {display(source)}, which is nothing that {principal} sends for", "SourceArn"
        return
    function, origin = function_of(graph, permission), graph.resources.get(target(source) or "")
    if function is not None and origin is not None and (fault := miswired(graph, function, origin)):
        yield fault, "SourceArn"
    tokens = service_tokens(graph) if function is not None and principal.startswith("cloudformation.") else set()
    if function is not None and tokens and function.logical_id not in tokens:
        yield f"no custom resource calls {function.logical_id}", "FunctionName"


def _is_written(graph: Graph, permission: Resource) -> bool:
    """Whether the author wrote it. SAM writes permissions to which nobody can add anything."""
    return isinstance(graph.template.source.data.get("Resources", {}).get(permission.logical_id), dict)


def _is_arn(graph: Graph, source: str, form: str) -> bool:
    reference = whole(source)
    if reference is None:
        return form.startswith("arn:")
    resource = graph.resources.get(reference.target)
    if resource is None:
        return reference.target == "AWS::StackId"
    return form.startswith("arn:") or not arn(graph, resource)


def _is_wide(form: str) -> bool:
    parts = form.split(":", 5)
    return len(parts) == 6 and (
        is_wildcard(parts[2] + parts[4]) or parts[5].strip("/") in ("*", "*/*", "*/*/*", "rule/*")
    )


def _is_of(graph: Graph, source: str, form: str, principal: str) -> bool:
    first = principal.split(".")[0]
    wanted = _ARN_SERVICE.get(first, first)
    if form.startswith("arn:"):
        return form.split(":")[2] == wanted
    resource = graph.resources.get(target(source) or "")
    if resource is None:  # the stack's own id, or an attribute of a nested stack
        reference = whole(source)
        return reference is None or reference.target != "AWS::StackId" or first == "cloudformation"
    kind = resource.type.split("::")
    return (
        kind[0] != "AWS"
        or kind[1].lower() in (first, wanted)
        or wanted in ("execute-api",)
        or kind[1] == "CloudFormation"
    )


def _account_faults(
    graph: Graph, permission: Resource, principal: str, access: Access | None
) -> Iterator[tuple[str, str]]:
    if "." in principal and ":" not in principal:
        yield f"lets {principal} in, which is no service principal", "Principal"
        return
    body = {"Effect": "Allow", "Principal": {"AWS": principal}}
    statement = Statement(holder=permission, kind=Kind.RESOURCE, path=("Properties",), body=body)
    for value, _ in foreigners(graph, statement, access):
        yield f"lets another account in: {display(value)}", "Principal"
    if account(principal) is None:
        yield f"names the principal {display(principal)}, which is none", "Principal"
