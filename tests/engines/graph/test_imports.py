"""A rule sees the graph and the rule interface, nothing else of ours: so it can judge deployed state as well."""

import ast
from pathlib import Path

import pytest

GRAPH = Path(__file__).parents[3] / "policies" / "graph"
ALLOWED = (
    *("stackproof.rules", "stackproof.graph", "stackproof.findings.outcome"),
    *("stackproof.template.references", "stackproof.template.model"),
)


@pytest.mark.parametrize("path", sorted(GRAPH.glob("*.py")), ids=lambda path: path.stem)
def test_a_rule_is_small_and_imports_only_what_it_may(path: Path) -> None:
    tree = ast.parse(path.read_text())
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    ours = [name for name in named if name.startswith("stackproof")]
    assert [name for name in ours if not name.startswith(ALLOWED)] == []
    assert len(path.read_text().splitlines()) <= 40
