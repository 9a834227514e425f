"""Whether compute runs in private subnets."""

from collections.abc import Iterator

from stackproof.findings.outcome import Outcome
from stackproof.graph.graph import Graph
from stackproof.graph.network.places import missing, places
from stackproof.graph.network.reach import reach_faults
from stackproof.graph.network.routes import public_fault
from stackproof.rules import Hit
from stackproof.template.model import Resource, Unknown, UnknownValueError


def private_faults(graph: Graph, resource: Resource) -> Iterator[Hit]:
    """What is wrong with the subnets that a resource runs in: none, public ones, ones from which it can't reach what it
    has to. What is certain comes first, then the subnets of which it is not known.

    Raises: UnknownValueError.
    """
    doubt: UnknownValueError | None = None
    if fault := missing(graph, resource):
        yield Hit(fault[0], path=fault[1])
    for place in places(graph, resource):
        try:
            if place.subnet is not None and (message := public_fault(graph, place.subnet)):
                yield Hit(message, path=place.path)
        except UnknownValueError as error:  # another subnet may be public for certain
            doubt = error
    for place in places(graph, resource):
        if place.subnet is None:
            reason = place.value.reason if isinstance(place.value, Unknown) else "its subnet is not in this template"
            message = f"whether it runs in a private subnet is not known: {reason}"
            yield Hit(message, path=place.path, outcome=Outcome.UNKNOWN)
    if doubt is not None:
        raise doubt
    yield from reach_faults(graph, resource)
