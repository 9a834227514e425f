"""Lint: what can't be known before a deployment."""

from stackproof.findings.outcome import Outcome
from stackproof.graph import Graph
from stackproof.rules import TEMPLATE, Hit, Hits, rule


@rule(TEMPLATE)
def template_decidable(graph: Graph) -> Hits:
    """All of the template can be judged: no macro, module, loop or condition leaves open what will be deployed."""
    for path, reason in graph.template.undecided:
        yield Hit(reason, path=path, outcome=Outcome.UNKNOWN)
    for resource in graph.resources.values():
        if resource.type.endswith("::MODULE"):
            message = f"{resource.logical_id}: what the module {resource.type} holds is not in this template"
            yield Hit(message, path=resource.origin(), outcome=Outcome.UNKNOWN)
