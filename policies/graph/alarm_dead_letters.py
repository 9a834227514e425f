"""Alarms: dead letters."""

from stackproof.graph import Graph
from stackproof.graph.alarms.deadletters import QUEUE, has_dead_letters, is_dead_letter_queue, lost_gap, queue_gap
from stackproof.graph.alarms.functions import FUNCTIONS
from stackproof.rules import Hit, Hits, Resource, rule


def _takes_part(resource: Resource, graph: Graph) -> bool:
    if resource.type == QUEUE:
        return is_dead_letter_queue(resource, graph)
    return has_dead_letters(resource, graph)


@rule(QUEUE, *FUNCTIONS, where=_takes_part)
def alarm_dead_letters(resource: Resource, graph: Graph) -> Hits:
    """Each dead-letter queue has an alarm on its first message; so have functions, where most do, on what they can't
    put there."""
    if resource.type != QUEUE:
        if why := lost_gap(graph, resource):
            yield Hit(f"no alarm tells when the function can't write its dead letters: {why}", path=("Properties",))
    elif why := queue_gap(graph, resource):
        message = "no alarm tells of a message in the dead-letter queue (AWS/SQS ApproximateNumberOfMessagesVisible)"
        yield Hit(f"{message}: {why}", path=("Properties",))
