"""Dead-letter queues: those that something names as such, and those that are called so; and the functions that use
them."""

import re

from stackproof.graph.alarms.coverage import COUNT, DEPTH, Need, gap, watched_by_siblings
from stackproof.graph.alarms.functions import FUNCTIONS
from stackproof.graph.graph import Edge, Graph
from stackproof.template.model import Resource, Unknown

QUEUE = "AWS::SQS::Queue"
_STEPS = frozenset({"DeadLetterConfig", "deadLetterTargetArn", "OnFailure", "DeadLetterQueue", "DeadLetterArn"})
_NAMES = re.compile(r"dead.?letter|dlq", re.IGNORECASE)
_DEPTH = Need(
    namespace="AWS/SQS",
    names=("ApproximateNumberOfMessagesVisible",),
    dimension="QueueName",
    statistics=DEPTH,
)
_LOST = Need(
    namespace="AWS/Lambda",
    names=("DeadLetterErrors",),
    dimension="FunctionName",
    statistics=COUNT,
    periods=1,
)


def is_dead_letter_queue(resource: Resource, graph: Graph) -> bool:
    """Whether a queue takes what others gave up on."""
    name = resource.properties.get("QueueName")
    texts = [resource.logical_id, *([] if isinstance(name, Unknown) or not isinstance(name, str) else [name])]
    return resource.logical_id in _targets(graph) or any(_NAMES.search(text) for text in texts)


def _targets(graph: Graph) -> frozenset[str]:
    if "dead letters" not in graph.cache:
        graph.cache["dead letters"] = frozenset(
            edge.target for edge in graph.edges if _is_dead_letter(edge) and edge.target in graph.resources
        )
    found: frozenset[str] = graph.cache["dead letters"]
    return found


def _is_dead_letter(edge: Edge) -> bool:
    return any(step in _STEPS for step in edge.path)


def queue_gap(graph: Graph, queue: Resource) -> str | None:
    """Why no alarm tells of the first message in a dead-letter queue, None when one does."""
    return gap(graph, queue, _DEPTH)


def has_dead_letters(function: Resource, graph: Graph) -> bool:
    """Whether a function puts into a dead-letter queue what it failed at."""
    return (
        function.properties.get("DeadLetterConfig" if function.type == FUNCTIONS[0] else "DeadLetterQueue") is not None
    )


def lost_gap(graph: Graph, function: Resource) -> str | None:
    """Why no alarm tells of dead letters that a function could not write, where most functions have such an alarm; None
    when one does, or most have none."""
    siblings = [item for item in graph.of_type(*FUNCTIONS) if has_dead_letters(item, graph)]
    return gap(graph, function, _LOST) if watched_by_siblings(graph, function, siblings, _LOST) else None
