"""Graphs of small templates, for what the rules on access share."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from stackproof.graph import Graph
from stackproof.template.expand import expand
from stackproof.template.read import source


@pytest.fixture
def graph() -> Callable[..., Graph]:
    """A graph of resources, with parameters if given."""

    def make(resources: Mapping[str, Any], parameters: Mapping[str, Any] | None = None) -> Graph:
        data = {"Resources": resources, **({"Parameters": parameters} if parameters else {})}
        return Graph(template=expand(source(json.dumps(data), "small.yaml"))[0])

    return make


@pytest.fixture
def policy(graph) -> Callable[..., Graph]:
    """A graph of one managed policy with these statements."""

    def make(*statements: Mapping[str, Any], **resources: Any) -> Graph:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        return graph(
            {"Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}, **resources}
        )

    return make
