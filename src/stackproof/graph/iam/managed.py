"""Managed policies that a template names by ARN, and what is known of those of AWS."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from stackproof.graph.graph import Graph
from stackproof.graph.iam.data import BROAD_MANAGED, MANAGED_POLICIES
from stackproof.graph.iam.grants import IDENTITIES
from stackproof.template.model import Path, Unknown, UnknownValueError
from stackproof.template.references import target

_OF_AWS = ":iam::aws:policy/"


def attached(graph: Graph) -> Iterator[tuple[str, str, Path]]:
    """The managed policies of roles, users and groups whose content the template does not show: logical id, ARN, place.

    Raises: UnknownValueError.
    """
    for identity in graph.of_type(*IDENTITIES):
        listed = identity.properties.get("ManagedPolicyArns") or []
        for index, value in enumerate(listed if isinstance(listed, list) else [listed]):
            if isinstance(value, Unknown):
                raise UnknownValueError(value)
            shown = graph.resources.get(target(value) or "")
            if isinstance(value, str) and (shown is None or shown.type != "AWS::IAM::ManagedPolicy"):
                yield identity.logical_id, value, ("Properties", "ManagedPolicyArns", index)


def is_broad(value: str) -> bool:
    """Whether a managed policy grants whole services or the account, by its name."""
    return any(fnmatchcase(value.rsplit("/", 1)[-1], pattern) for pattern in BROAD_MANAGED)


def known_actions(value: str) -> tuple[str, ...] | None:
    """The action patterns that a managed policy of AWS grants, None when nothing is known of it."""
    if _OF_AWS not in value:
        return None
    return MANAGED_POLICIES.get(value.rsplit("/", 1)[-1])
