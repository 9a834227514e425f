"""Denials in each service's own words. Codes and statuses: the services' API references and botocore's models."""

from stackproof.embedded.errors import AwsError
from stackproof.embedded.iam.evaluate import Request, Verdict
from stackproof.embedded.iam.operations.entry import Need

_FORMS = {
    "s3": ("AccessDenied", 403),
    "sqs": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
    "sts": ("AccessDenied", 403),
    "cloudwatch": ("AccessDenied", 403),
    "lambda": ("AccessDeniedException", 403),
    "batch": ("AccessDeniedException", 403),
    "xray": ("AccessDeniedException", 403),
}
_KEY_FORMS = {
    "sqs": ("KMS.AccessDeniedException", 400),
    "sns": ("KMSAccessDenied", 400),
}
_SPOKEN = {"sns": "SNS"}


def denial(service: str, operation: str, need: Need, request: Request, verdict: Verdict) -> AwsError:
    """The error that an operation answers when this permission is missing."""
    if service == "s3" and operation.startswith("Head"):
        return AwsError("403", "Forbidden", status=403)  # an answer to HEAD has no body; clients read the status
    code, status = _FORMS.get(service, ("AccessDeniedException", 400))
    if need.via:
        code, status = _KEY_FORMS.get(service, (code, status))
    return AwsError(code, sentence(service, need, request, verdict), status=status)


def sentence(service: str, need: Need, request: Request, verdict: Verdict) -> str:
    """IAM's sentence: who may not do what to which resource, and why."""
    prefix, _, name = need.action.partition(":")
    action = f"{_SPOKEN.get(prefix, prefix)}:{name}"
    resource = f'"{need.resource}"' if service == "s3" and need.resource != "*" else need.resource
    who = request.caller.session_arn or request.caller.arn
    because = verdict.because.replace(need.action, action)
    return f"User: {who} is not authorized to perform: {action} on resource: {resource} {because}"
