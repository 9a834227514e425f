"""Lint: what can't be known before a deployment."""

from stackproof.findings.outcome import Outcome
from stackproof.graph import Graph
from stackproof.rules import TEMPLATE, Hit, Hits, rule

# What they make stands in a template of its own, which has to be judged by itself (and a waiver may say that it is).
_OTHER_TEMPLATES = (
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::StackSet",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
)


@rule(TEMPLATE)
def template_decidable(graph: Graph) -> Hits:
    """All of the template can be judged: no macro, module, nested stack, loop or condition leaves it open."""
    for path, reason in graph.template.undecided:
        yield Hit(reason, path=path, outcome=Outcome.UNKNOWN)
    for resource in graph.resources.values():
        if resource.type in _OTHER_TEMPLATES or resource.type.endswith("::MODULE"):
            message = f"what {resource.logical_id} ({resource.type}) holds is not in this template"
            yield Hit(message, path=(), resource=resource.logical_id, outcome=Outcome.UNKNOWN)
