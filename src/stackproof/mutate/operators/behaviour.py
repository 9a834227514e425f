"""Faults that only the code can show: names that template and code must agree on."""

from collections.abc import Iterator

from stackproof.findings.outcome import Area
from stackproof.mutate import tree
from stackproof.mutate.model import Mutant
from stackproof.mutate.registry import operator
from stackproof.mutate.target import Place, Target

_READ = "which variables the code reads, only the record tells"
_HANDLER = "which handlers exist, only the code tells"
_KEYS = "which keys and attributes the code uses, only the record tells"
_EVENTS = "which events come, only the record tells"


@operator("delete-variable")
def delete_variable(target: Target) -> Iterator[Mutant]:
    """A variable of a function's or job's environment is removed."""
    for function in target.of_type("AWS::Lambda::Function"):
        for place in target.places(function):
            if place.path[:2] == ("Environment", "Variables") and len(place.path) == 3:
                yield target.delete(place, (), needs_record=_READ, area=Area.CONTRACT)


@operator("misspell-handler")
def misspell_handler(target: Target) -> Iterator[Mutant]:
    """A function's handler is misspelt."""
    for function in target.of_type("AWS::Lambda::Function"):
        if (place := target.place(function, "Handler")) is not None:
            yield _misspelt(target, place, _HANDLER)


@operator("misspell-attribute")
def misspell_attribute(target: Target) -> Iterator[Mutant]:
    """A table's TTL attribute, or the name of an index, is another than the one in the code."""
    for table in target.of_type("AWS::DynamoDB::Table"):
        for place in target.places(table):
            named = place.path[-1] == "IndexName" or place.path == ("TimeToLiveSpecification", "AttributeName")
            if named and isinstance(place.value, str):
                yield _misspelt(target, place, _KEYS)


@operator("misspell-event-pattern")
def misspell_event_pattern(target: Target) -> Iterator[Mutant]:
    """A rule waits for events that never come."""
    for rule in target.of_type("AWS::Events::Rule"):
        for place in target.places(rule):
            literal = isinstance(tree.at(target.data, place.origin), str)
            if place.path[0] == "EventPattern" and literal:
                yield _misspelt(target, place, _EVENTS)


def _misspelt(target: Target, place: Place, reason: str) -> Mutant:
    return target.replace(place, f"{place.value}x", (), needs_record=reason, area=Area.CONTRACT)
