"""Whom an alarm tells: its actions, the topics among them, and who has subscribed to those."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.findings.outcome import Outcome
from stackproof.graph.alarms.model import ALARM, COMPOSITE
from stackproof.graph.arns import arn, common
from stackproof.graph.grants import Context, context, lets, made_name, source
from stackproof.graph.graph import Graph
from stackproof.graph.statements import resource_policies, statements
from stackproof.rules import Hit, Hits
from stackproof.template.model import Resource, Unknown
from stackproof.template.references import display, inside, substitute, whole

TOPIC = "AWS::SNS::Topic"
LISTS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_SCALING = ("AWS::AutoScaling::ScalingPolicy", "AWS::ApplicationAutoScaling::ScalingPolicy")
_OTHERS = {
    "AWS::Lambda::Function": "Arn", "AWS::Lambda::Alias": None, "AWS::Lambda::Version": None,
    "AWS::AutoScaling::ScalingPolicy": None, "AWS::ApplicationAutoScaling::ScalingPolicy": None,
    "AWS::SSMIncidents::ResponsePlan": None,
}  # fmt: skip
_ARN = re.compile(r"arn:[^:]+:(sns|lambda|autoscaling|automate|swf|ssm|ssm-incidents|aiops|events):[^:]*:[^:]*:.+")
_CLOUDWATCH = "cloudwatch.amazonaws.com"
_CALLS = re.compile(r"\bALARM\s*\(\s*[\"']?([^\"')]+)[\"']?\s*\)", re.IGNORECASE)


def faults(graph: Graph, alarm: Resource) -> Hits:
    """Why an alarm tells nobody."""
    if alarm.properties.get("ActionsEnabled") not in (None, True):
        yield Hit("the alarm's actions are switched off", path=("Properties", "ActionsEnabled"))
    told = False
    for name in LISTS:
        for index, action in enumerate(actions(alarm, name)):
            path = ("Properties", name, index)
            fault = _fault(graph, action)
            if fault is not None:
                yield Hit(f"the action is {fault}", path=path)
            elif name == "AlarmActions" and topic(graph, action) is not None:
                told = True
            elif name == "AlarmActions" and _is_foreign_topic(action):
                told = True
                message = f"the topic {display(action)} stands elsewhere: whether somebody has subscribed is not known"
                yield Hit(message, path=path, outcome=Outcome.UNKNOWN)
    if not told and not _scales(graph, alarm) and not _told_by_another(graph, alarm):
        yield Hit("the alarm has no alarm action that tells an SNS topic", path=_place(alarm))


def _scales(graph: Graph, alarm: Resource) -> bool:
    """Whether an alarm is the trigger of a scaling policy of the template, which is no news for anybody."""
    return any(graph.referred(action, *_SCALING) is not None for action in _known(alarm.properties.get("AlarmActions")))


def _place(alarm: Resource) -> tuple[str, ...]:
    return ("Properties", "AlarmActions") if "AlarmActions" in alarm.properties else ("Properties",)


def actions(alarm: Resource, name: str) -> list[Any]:
    """The actions of a list; one that is no list counts as its only item."""
    value = alarm.properties.get(name)
    if value is None:
        return []
    return list(value) if isinstance(value, list | Unknown) else [value]


def _fault(graph: Graph, action: Any) -> str | None:
    if not isinstance(action, str):
        return f"no ARN, but {str(action)!r}"  # an Unknown raises here
    reference = whole(action)
    if reference is None:
        return None if _ARN.fullmatch(_flat(action)) else f"no ARN that an alarm can call: {display(action)}"
    resource = graph.resources.get(reference.target)
    kind = resource.type if resource else ""
    if kind == TOPIC:
        return None if reference.attribute in (None, "TopicArn") else f"not the topic's ARN: {display(action)}"
    if kind in _OTHERS or kind.startswith("Custom::"):
        return None if kind.startswith("Custom::") or reference.attribute in (_OTHERS[kind], "Arn") else "no ARN"
    return f"nothing that an alarm can call: {display(action)} is of the type {kind or 'pseudo parameter'}"


def _flat(text: str) -> str:
    return substitute(text, lambda reference: "x")


def topic(graph: Graph, action: Any) -> Resource | None:
    """The topic of this template that an action tells: by reference, or by an ARN with its name."""
    reference = whole(action)
    if reference is not None:
        found = graph.resources.get(reference.target)
        return found if found is not None and found.type == TOPIC else None
    if not isinstance(action, str) or ":sns:" not in action:
        return None
    name = action.rsplit(":", 1)[-1]
    return next((item for item in graph.of_type(TOPIC) if _is(item.properties.get("TopicName"), name)), None)


def _is(value: Any, name: str) -> bool:
    reference = whole(name)
    return not isinstance(value, Unknown) and value is not None and reference is None and bool(value == name)


def _is_foreign_topic(action: Any) -> bool:
    return isinstance(action, str) and bool(re.match(r"arn:[^:]+:sns:", _flat(action)))


def _told_by_another(graph: Graph, alarm: Resource) -> bool:
    """Whether a composite alarm fires as soon as this one does (`ALARM(a) OR ALARM(b)`), and tells a topic."""
    for composite in graph.of_type(COMPOSITE):
        rule = composite.properties.get("AlarmRule")
        if composite is alarm or not isinstance(rule, str) or re.search(r"\b(AND|NOT)\b", rule, re.IGNORECASE):
            continue
        if any(operand is alarm for operand, _ in operands(graph, rule)) and all(
            hit.outcome is Outcome.UNKNOWN for hit in faults(graph, composite)
        ):
            return True
    return False


def operands(graph: Graph, rule: str) -> Iterator[tuple[Resource | None, str]]:
    """The alarms that a composite alarm's rule names in ALARM(...), with the text of each; None for none of ours."""
    for text in _CALLS.findall(rule):
        name = text.strip()
        reference = whole(name) or next((r for r in inside(name) if not r.is_pseudo), None)
        found = graph.resources.get(reference.target) if reference else _called(graph, name)
        yield (found if found is not None and found.type in (ALARM, COMPOSITE) else None), name


def _called(graph: Graph, name: str) -> Resource | None:
    plain = name.rsplit(":alarm:", 1)[-1]
    return next(
        (item for item in graph.of_type(ALARM, COMPOSITE) if _is(item.properties.get("AlarmName"), plain)), None
    )


def told(graph: Graph, topic_: Resource) -> bool:
    """Whether an alarm of the template has an alarm action on this topic."""
    return bool(tellers(graph, topic_))


def tellers(graph: Graph, topic_: Resource) -> list[Resource]:
    """The alarms of the template that have an alarm action on a topic."""
    cached: dict[str, list[Resource]] = graph.cache.setdefault("alarms telling", {})
    if topic_.logical_id not in cached:
        found = [alarm for alarm in graph.of_type(ALARM, COMPOSITE) if _tells(graph, alarm, topic_)]
        cached[topic_.logical_id] = found
    return cached[topic_.logical_id]


def _tells(graph: Graph, alarm: Resource, topic_: Resource) -> bool:
    return any(topic(graph, action) is topic_ for action in _known(alarm.properties.get("AlarmActions")))


def _known(value: Any) -> list[Any]:
    return [item for item in value if not isinstance(item, Unknown)] if isinstance(value, list) else []


def deafness(graph: Graph, topic_: Resource) -> Hits:
    """Why a topic that alarms tell reaches nobody."""
    heard, why = False, "nobody has subscribed to the topic that alarms tell"
    for protocol, endpoint, filtered in subscriptions(graph, topic_):
        fault = _unheard(protocol, endpoint, filtered)
        heard, why = heard or not fault, fault or why
    if not heard:
        yield Hit(why, path=("Properties",))
    policy = list(resource_policies(graph, topic_))
    for alarm in tellers(graph, topic_) if policy else ():
        if not lets(graph, policy, _CLOUDWATCH, "sns:Publish", arn(graph, topic_), _call(graph, alarm)):
            message = f"the topic's policy does not let {_CLOUDWATCH} publish for {alarm.logical_id} (sns:Publish)"
            yield Hit(message, path=("Properties", "PolicyDocument"), resource=policy[0].holder.logical_id)
            break
    yield from _key_faults(graph, topic_)


def _key_faults(graph: Graph, topic_: Resource) -> Hits:
    value = topic_.properties.get("KmsMasterKeyId")
    if value is None:
        return
    place = ("Properties", "KmsMasterKeyId")
    if isinstance(value, str) and value.endswith("alias/aws/sns"):
        yield Hit("under the key that AWS manages for SNS no alarm can publish", path=place)
    key = _key(graph, value)
    if key is None:
        return
    policy = list(statements(key, key.get("KeyPolicy"), ("Properties", "KeyPolicy")))
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        if not all(
            lets(graph, policy, _CLOUDWATCH, action, arn(graph, key), _call(graph, alarm))
            for alarm in tellers(graph, topic_)
        ):
            message = (
                f"the policy of the topic's key does not let {_CLOUDWATCH} use it ({action}): no alarm is published"
            )
            yield Hit(message, path=("Properties", "KeyPolicy"), resource=key.logical_id)
            return


def _key(graph: Graph, value: Any) -> Resource | None:
    found = graph.referred(value, "AWS::KMS::Key", "AWS::KMS::Alias")
    if found is not None and found.type == "AWS::KMS::Alias":
        return graph.referred(found.properties.get("TargetKeyId"), "AWS::KMS::Key")
    return found


def _call(graph: Graph, alarm: Resource) -> Context:
    """The context in which CloudWatch publishes for an alarm."""
    name = alarm.properties.get("AlarmName")
    text_ = common(graph, name) if isinstance(name, str) else made_name(alarm)
    return context(*source(graph, alarm, f"arn:aws:cloudwatch:region:account:alarm:{text_}"))


def subscriptions(graph: Graph, topic_: Resource) -> Iterator[tuple[Any, Any, bool]]:
    """Protocol, endpoint and whether a filter drops what alarms send, of each subscription of a topic."""
    own = topic_.properties.get("Subscription")
    for item in own if isinstance(own, list | Unknown) else ():
        if isinstance(item, Mapping):
            yield item.get("Protocol"), item.get("Endpoint"), False
    for resource in graph.of_type("AWS::SNS::Subscription"):
        arn = resource.properties.get("TopicArn")
        if not isinstance(arn, Unknown) and topic(graph, arn) is topic_ and whole_attribute(arn) in (None, "TopicArn"):
            scope = resource.properties.get("FilterPolicyScope", "MessageAttributes")
            filtered = bool(resource.properties.get("FilterPolicy")) and scope == "MessageAttributes"
            yield resource.properties.get("Protocol"), resource.properties.get("Endpoint"), filtered


def whole_attribute(value: Any) -> str | None:
    """The attribute of a reference, None for a Ref or no reference."""
    reference = whole(value)
    return reference.attribute if reference else None


_ENDPOINTS = {
    "email": r"[^@\s]+@[^@\s]+", "email-json": r"[^@\s]+@[^@\s]+", "http": r"http://.+", "https": r"https://.+",
    "sms": r"\+?[\d\- ]+", "sqs": r".+", "lambda": r".+", "firehose": r".+", "application": r".+",
}  # fmt: skip


def _unheard(protocol: Any, endpoint: Any, filtered: bool) -> str | None:
    """Why a subscription does not count, None for one that does."""
    pattern = _ENDPOINTS.get(str(protocol))
    if pattern is None:
        return f"the subscription to the topic has no protocol of SNS: {protocol}"
    if not isinstance(endpoint, str | Unknown) or not re.fullmatch(pattern, _flat(str(endpoint))):
        return f"the subscription to the topic has no endpoint for {protocol}"
    return "the only subscription filters by message attributes, which alarms have none of" if filtered else None
