"""What statements say of resources: wildcards, and whether an action fits what it is granted on."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from stackproof.graph.arns import arn, common
from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import ResourceType, expand, is_wildcard, kinds_of, resource_types
from stackproof.graph.iam.data import RUNTIME_KINDS, RUNTIME_MAKERS
from stackproof.graph.iam.patterns import overlap
from stackproof.graph.values import items
from stackproof.template.model import Resource
from stackproof.template.references import Reference, inside, target, whole

_LONGEST = 2048  # characters: no ARN is longer (IAM, Amazon Resource Names)
_SAMPLES = ("x", "x/x", "x:x", "x:x:x", "x/x/x", "")
_SHARED = re.compile(r"/aws/[a-z-]+/|aws/")
_ONE_SEGMENT = frozenset(("BucketName", "TableName", "QueueName", "TopicName", "ClusterName"))


def resource_form(graph: Graph, value: str) -> str:
    """A resource of a statement in the common form, '' for what can't be told (an attribute of a type whose ARN has no
    known form). A name or an address that stands where an ARN should is given as it is."""
    form = common(graph, value)
    if form == "*" or form.startswith("arn:"):
        return form
    untold = any(
        f"<{reference.target.removeprefix('AWS::')}" in form
        for reference in inside(value)
        if not _named(graph, reference)
    )
    return "" if untold or form.startswith("execute-api:/") else form


def _named(graph: Graph, reference: Reference) -> bool:
    """Whether a reference stands for the name that a resource has, so that its text is known to be no ARN."""
    resource = graph.resources.get(reference.target)
    return (
        resource is not None
        and arn(graph, resource) != ""
        and f"<{reference.target}." not in common(graph, reference.token)
    )


def is_wide(graph: Graph, value: str) -> bool:
    """Whether a resource of a statement stands for all of a kind: "*", a wildcard for the service or for the whole
    name.

    Kinds whose names only exist at run time (jobs, container instances) are none, in an account and region that are
    named."""
    if whole(value):
        return False
    form = common(graph, value)
    if not is_wildcard(form):
        return False
    parts = form.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return form.startswith("arn:") or not form.strip("*?")  # else below an attribute of which no ARN is known
    if is_wildcard(parts[2]):
        return True
    service, region, owner, rest = parts[2], parts[3], parts[4], parts[5]
    named = re.split(r"[*?]", rest, maxsplit=1)[0]
    for kind in sorted(kinds_of(service), key=lambda kind: -len(_prefix(kind))):
        prefix = _prefix(kind)
        if not named.startswith(prefix):
            continue
        left = _SHARED.sub("", named[len(prefix) :]).strip("/:")
        if left:
            return False
        return is_wildcard(region + owner) or not _is_runtime(graph, service, prefix)
    return True


def _prefix(kind: ResourceType) -> str:
    """What an ARN's last part begins with before the name: "table/", "log-group:", "" for buckets."""
    return kind.arn.split(":", 5)[-1].split("${", 1)[0]


def _is_runtime(graph: Graph, service: str, prefix: str) -> bool:
    names = {f"{service}:{kind.name}" for kind in kinds_of(service) if _prefix(kind) == prefix}
    return names <= RUNTIME_KINDS and all(
        name not in RUNTIME_MAKERS or bool(graph.by_type.get(RUNTIME_MAKERS[name])) for name in names
    )


@lru_cache(maxsize=8192)
def fits(action: str, form: str) -> bool:
    """Whether an action ("s3:GetObject") can ever be allowed on a resource in the common form: it knows a kind of
    resource with such an ARN, or it knows none and the resource is "*"."""
    if form == "*":
        return True
    kinds = resource_types(action)
    return any(_is_of(kind.arn, form) for kind in kinds)


def _is_of(kind: str, form: str) -> bool:
    """Whether some ARN has the form of a kind and is covered by a pattern."""
    if len(form) > _LONGEST:
        return False
    expression = _expression(kind)
    samples = (*_SAMPLES, *_tails(kind)) if "*" in form else ("",)
    return any(re.fullmatch(expression, form.replace("*", sample).replace("?", "x")) for sample in samples)


@lru_cache(maxsize=4096)
def _tails(arn: str) -> tuple[str, ...]:
    """What may stand for a wildcard at the end: the form from each of its parts on, such as "log-stream:x"."""
    plain = re.sub(r"\$\{[^}]+\}", "x", arn.split(":", 5)[-1])
    ends = [match.start() for match in re.finditer(r"[:/]", plain)]
    return tuple(plain[start + skip :] for start in ends for skip in (0, 1))


@lru_cache(maxsize=4096)
def _expression(arn: str) -> str:
    pieces = re.split(r"(\$\{[^}]+\})", arn)
    last = max((i for i, piece in enumerate(pieces) if piece.startswith("${")), default=-1)
    return "".join(_piece(piece, is_last=i == last) for i, piece in enumerate(pieces))


def _piece(piece: str, *, is_last: bool) -> str:
    if not piece.startswith("${"):
        return re.escape(piece)
    name = piece[2:-1]
    if name in ("Partition", "Region", "Account"):
        return "[^:]*"
    if name in _ONE_SEGMENT:
        return "[^/:]+"
    return ".+" if is_last or "Path" in name or name == "LogGroupName" else "[^/:]+"


def misfits(graph: Graph, actions: list[str], resources: list[str]) -> Iterator[tuple[str, str]]:
    """What of a statement can never apply: (action, '') for an action that fits none of the resources, ('', resource)
    for a resource that none of the actions fits. Resources that can't be told fit everything."""
    forms = {value: resource_form(graph, value) for value in resources}
    if not forms or not all(forms.values()):
        return
    concrete = {pattern: expand(pattern) for pattern in actions}
    lost = [pattern for pattern, ones in concrete.items() if ones and not any(_fits_any(one, forms) for one in ones)]
    yield from ((pattern, "") for pattern in lost)
    left = [one for pattern, ones in concrete.items() if pattern not in lost for one in ones]
    for value, form in forms.items():
        if left and not any(is_wildcard(one) or fits(one, form) for one in left):
            yield "", value


def _fits_any(action: str, forms: Mapping[str, str]) -> bool:
    return is_wildcard(action) or any(fits(action, form) for form in forms.values())


# Policies that are resources of their own, and that services hold to the resource that they are put on: the property
# that says which.
_PUT_ON = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SNS::TopicInlinePolicy": "TopicArn",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SQS::QueueInlinePolicy": "Queue",
}


def put_on(graph: Graph, policy: Resource) -> list[str]:
    """The ARNs of the buckets, topics or queues that a policy is put on, [] when they can't be told.

    Raises: UnknownValueError.
    """
    found = [graph.resources.get(target(value) or "") for value in items(policy.get(_PUT_ON.get(policy.type, "")))]
    return [arn(graph, one) for one in found if one is not None] if all(found) else []


def is_stray(graph: Graph, value: str, owners: list[str]) -> bool:
    """Whether a resource of a statement is none of those that its policy is put on, nor below one."""
    form = resource_form(graph, value)
    return bool(owners and form) and not any(overlap(form, one) or overlap(form, f"{one}/*") for one in owners)
