"""Dead-letter queues: those that something names as such, and those that are called so."""

import re

from stackproof.graph.graph import Edge, Graph
from stackproof.template.model import Resource, Unknown

QUEUE = "AWS::SQS::Queue"
_STEPS = frozenset({"DeadLetterConfig", "deadLetterTargetArn", "OnFailure", "DeadLetterQueue", "DeadLetterArn"})
_NAMES = re.compile(r"dead.?letter|dlq", re.IGNORECASE)


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
