"""Access logs of buckets: where they go, and whether log delivery may write there."""

from stackproof.graph.arns import arn, common
from stackproof.graph.buckets import is_for_logs
from stackproof.graph.grants import context, lets
from stackproof.graph.graph import Graph
from stackproof.graph.statements import Statement, resource_policies
from stackproof.graph.values import known, mapping
from stackproof.rules import Hit, Hits
from stackproof.template.model import Path, Resource, Unknown
from stackproof.template.references import display, whole

BUCKET = "AWS::S3::Bucket"
_DELIVERY = "logging.s3.amazonaws.com"
_AT: Path = ("Properties", "LoggingConfiguration")
_BOUNDS = ("aws:sourceaccount", "aws:sourcearn")


def destination(graph: Graph, bucket: Resource) -> Resource | None:
    """The bucket of the template that a bucket's access logs go to."""
    value = mapping(bucket.properties.get("LoggingConfiguration")).get("DestinationBucketName")
    reference = whole(value)
    if reference is not None and reference.attribute is not None:
        return None
    return graph.referred(value, BUCKET)


def is_log_bucket(bucket: Resource, graph: Graph) -> bool:
    """Whether a bucket takes the access logs of others."""
    if "log buckets" not in graph.cache:
        graph.cache["log buckets"] = {
            found.logical_id
            for source in graph.of_type(BUCKET)
            if not isinstance(source.properties.get("LoggingConfiguration"), Unknown)
            and not isinstance(_name(source), Unknown)
            and (found := destination(graph, source)) is not None
            and found is not source
        }
    return (
        bucket.logical_id in graph.cache["log buckets"] or bucket.properties.get("AccessControl") == "LogDeliveryWrite"
    )


def _name(bucket: Resource) -> object:
    return mapping(bucket.properties.get("LoggingConfiguration")).get("DestinationBucketName")


def faults(graph: Graph, bucket: Resource) -> Hits:
    """Why access to a bucket is not logged."""
    config = mapping(bucket.properties.get("LoggingConfiguration"))
    name = known(config.get("DestinationBucketName"))
    if not config and (is_log_bucket(bucket, graph) or is_for_logs(graph, bucket)):
        return
    if not config:
        yield Hit("access to the bucket is not logged", path=("Properties",))
        return
    target = destination(graph, bucket)
    if name in (None, "") or target is bucket:
        yield Hit("the bucket logs to itself, and each log makes a log", path=_AT)
    elif target is not None:
        yield from _delivery(graph, bucket, target)
    elif not isinstance(name, str) or whole(name) is not None:
        yield Hit(
            f"the logs go to {display(str(name))}, which is no bucket's name", path=(*_AT, "DestinationBucketName")
        )


def _delivery(graph: Graph, bucket: Resource, target: Resource) -> Hits:
    """Why the logs can't be delivered to a bucket of the template."""
    if known(target.get("ObjectLockEnabled")) is True and target.get("ObjectLockConfiguration", "Rule") is not None:
        yield Hit(f"logs can't be delivered to {target.logical_id}, which locks its objects", path=_AT)
    prefix = known(bucket.get("LoggingConfiguration", "LogFilePrefix", default=""))
    if not isinstance(prefix, str):
        yield Hit("the prefix of the logs is no text", path=(*_AT, "LogFilePrefix"))
        return
    policy = list(resource_policies(graph, target))
    if not policy and target.properties.get("AccessControl") == "LogDeliveryWrite":
        return
    wanted = f"{arn(graph, target)}/{common(graph, prefix)}2026-01-01-00-00-00-0"
    if lets(graph, policy, _DELIVERY, "s3:PutObject", wanted, context(arn(graph, bucket))):
        yield from _unbound(policy, target)
        return
    message = (
        f"{target.logical_id} does not let {_DELIVERY} write the logs of {bucket.logical_id} under {display(prefix)!r}"
    )
    yield Hit(message, path=_AT)


def _unbound(policy: list[Statement], target: Resource) -> Hits:
    """The statements that let log delivery write for anybody's bucket."""
    for statement in policy:
        if (
            statement.effect != "Allow"
            or not statement.has_action("s3:PutObject")
            or not statement.is_for_service(_DELIVERY)
        ):
            continue
        keys = {key for _, key, _ in statement.conditions()}
        if missing := [key for key in _BOUNDS if key not in keys]:
            message = (
                f"the statement {statement.name} lets log delivery write for others too: no condition on {missing[0]}"
            )
            yield Hit(message, path=statement.path, resource=statement.holder.logical_id)
