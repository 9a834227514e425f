import pytest

from stackproof.graph import Graph
from stackproof.template.expand import expand
from stackproof.template.read import source


@pytest.fixture
def graph():
    """The graph of a template that has one variant."""

    def make(text: str) -> Graph:
        (template,) = expand(source(text, "template.yaml"))
        return Graph(template=template)

    return make
