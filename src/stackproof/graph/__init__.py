"""The graph of a resolved template: resources and what refers to what. Rules see the template through it."""

from stackproof.graph.graph import Edge, Graph

__all__ = ["Edge", "Graph"]
