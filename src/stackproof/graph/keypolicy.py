"""Who may use a key, by its key policy and, where that lets IAM decide, by the policies of roles."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from stackproof.graph.arns import arn, common
from stackproof.graph.graph import Graph
from stackproof.graph.statements import Statement, role_statements, statements
from stackproof.graph.values import known, mapping, texts
from stackproof.graph.wildcards import covers
from stackproof.template.model import Resource

Context = Mapping[str, str | None]
"""What a request says of itself, by condition key in lower case: None for what it surely does not say."""

AUTO_SCALING = "arn:aws:iam::account:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
"""The role by which Auto Scaling starts instances, in the common form."""

_POSITIVE = re.compile(r"(?:foranyvalue:|forallvalues:)?(string|arn)(equals|like|equalsignorecase)(ifexists)?")
_ACCOUNT = ("arn:aws:iam::account:root", "account")
_REGION = re.compile(r"\b[a-z]{2}(?:-[a-z]+)+-\d\b")


def service_may(graph: Graph, key: Resource, service: str, action: str, context: Context) -> bool:
    """Whether a key's policy lets a service ("logs.region.amazonaws.com") do something ("kms:Decrypt")."""
    context = {"aws:principalarn": None, "kms:calleraccount": None, **context}
    addressed = [one for one in _speaking(graph, key, action) if _is_for_service(graph, one, service)]
    return _decides([one for one in addressed if _applies(graph, one, context)])


def role_may(graph: Graph, key: Resource, role: Resource, action: str, context: Context) -> bool:
    """Whether a role may do something with a key: by the key policy, or by its own policies where that lets it."""
    name = arn(graph, role)
    context = {"kms:calleraccount": "account", "aws:principalarn": name, **context}
    applying = [one for one in _speaking(graph, key, action) if _applies(graph, one, context)]
    named = [
        one
        for one in applying
        if one.is_for_everybody() or name in _principals(graph, one) or _shuts_out(graph, one, {name})
    ]
    if named:
        return _decides(named)
    if key.get("KeyPolicy") is not None and not any(
        one.effect == "Allow" and set(_ACCOUNT) & set(_principals(graph, one)) for one in applying
    ):
        return False
    own = [
        one
        for one in role_statements(graph, role)
        if _is_about(graph, key, one, action) and _applies(graph, one, context)
    ]
    return _decides(own)


def stranger_may(graph: Graph, key: Resource, name: str, action: str, context: Context) -> bool:
    """Whether a key's policy itself lets a principal (its ARN as the template has it) do something."""
    context = {"aws:principalarn": common(graph, name), **context}
    applying = [one for one in _speaking(graph, key, action) if _applies(graph, one, context)]
    account = ":".join(name.split(":")[:5])
    # By its own name, its account, or as one of everybody.
    names = {name, f"{account}:root", account.rsplit(":", 1)[-1]}
    return _decides(
        [one for one in applying if one.is_for_everybody() or names & set(_named(one)) or _shuts_out(graph, one, names)]
    )


def auto_scaling_may(graph: Graph, key: Resource, action: str) -> bool:
    """Whether a key's policy lets Auto Scaling's service-linked role do something: IAM grants it nothing."""
    context = {
        "kms:calleraccount": "account",
        "aws:principalarn": AUTO_SCALING,
        "kms:grantisforawsresource": "true",
    }
    applying = [one for one in _speaking(graph, key, action) if _applies(graph, one, context)]
    return _decides(
        [
            one
            for one in applying
            if one.is_for_everybody()
            or any(name.startswith(AUTO_SCALING) for name in _principals(graph, one))
            or _shuts_out(graph, one, {AUTO_SCALING})
        ]
    )


def _shuts_out(graph: Graph, one: Statement, names: Collection[str]) -> bool:
    """Whether a Deny is for all but some, and none of these is spared."""
    spared = mapping(one.body.get("NotPrincipal"))
    common_names = {common(graph, name) for kind in spared.values() for name in texts(kind)}
    return one.effect == "Deny" and bool(spared) and not common_names & {common(graph, name) for name in names}


def _decides(applying: list[Statement]) -> bool:
    effects = [one.effect for one in applying]
    return "Allow" in effects and "Deny" not in effects


def _speaking(graph: Graph, key: Resource, action: str) -> list[Statement]:
    """The statements of a key's policy that speak of an action on this key."""
    cached: dict[tuple[str, str], list[Statement]] = graph.cache.setdefault("keypolicy.speaking", {})
    if (key.logical_id, action) not in cached:
        cached[key.logical_id, action] = [one for one in _policy(graph, key) if _is_about(graph, key, one, action)]
    return cached[key.logical_id, action]


def _is_about(graph: Graph, key: Resource, one: Statement, action: str) -> bool:
    return one.has_action(action) and one.has_resource(graph, arn(graph, key))


def _policy(graph: Graph, key: Resource) -> list[Statement]:
    cached: dict[str, list[Statement]] = graph.cache.setdefault("keypolicy.statements", {})
    if key.logical_id not in cached:
        cached[key.logical_id] = list(statements(key, key.get("KeyPolicy"), ("Properties", "KeyPolicy")))
    return cached[key.logical_id]


def _applies(graph: Graph, one: Statement, context: Context) -> bool:
    """Whether a statement's conditions hold in this context. One that can't be told holds in an Allow and does not in
    a Deny."""
    if one.effect == "Deny":
        return not any(True for _ in one.conditions())
    return all(_may_hold(graph, operator, name, value, context) for operator, name, value in one.conditions())


def _may_hold(graph: Graph, operator: str, name: str, value: Any, context: Context) -> bool:
    if name not in context:
        return True
    said = context[name]
    operator = operator.lower()
    if operator.startswith("bool"):
        return said is None or str(known(value)).lower() == said
    found = _POSITIVE.fullmatch(operator)
    if found is None:
        return True
    if said is None:
        return found[3] is not None
    wanted = [common(graph, text) for text in texts(value)]
    if found[1] == "string" and found[2] != "like":
        return any(_same(text, said) for text in wanted)
    return any(covers(_regionless(text), _regionless(said)) for text in wanted)


def _same(text: str, said: str) -> bool:
    return _regionless(text).lower() == said.lower() or (
        said == "account" and re.fullmatch(r"\d{12}", text) is not None
    )


@lru_cache(maxsize=1024)
def _regionless(text: str) -> str:
    return _REGION.sub("region", text).replace("amazonaws.com.cn", "amazonaws.com")


def _is_for_service(graph: Graph, one: Statement, service: str) -> bool:
    if one.is_for_everybody() or _shuts_out(graph, one, {service}):
        return True
    services = texts(mapping(one.body.get("Principal")).get("Service"))
    return service in (_regionless(common(graph, name)) for name in services)


def _principals(graph: Graph, one: Statement) -> list[str]:
    return [common(graph, name) for name in _named(one)]


def _named(one: Statement) -> list[str]:
    return texts(mapping(one.body.get("Principal")).get("AWS"))
