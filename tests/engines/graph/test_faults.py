"""The graph engine fails closed: whatever keeps a rule from judging is told, and is no pass."""

import shutil
from pathlib import Path

import pytest

from stackproof.engines.graph import GraphEngine
from stackproof.engines.protocol import EngineFailure, Run, Subject, Task
from stackproof.findings.outcome import Outcome
from stackproof.template.expand import expand
from stackproof.template.read import source
from stackproof.template.render import render

HEAD = "from stackproof.graph import Graph\nfrom stackproof.rules import Hit, Hits, Resource, rule\n\n"
RULE = HEAD + '@rule("AWS::SNS::Topic")\ndef one(topic: Resource, graph: Graph) -> Hits:\n    """A topic."""\n'


def run(folder: Path, body: str, *rules: str, timeout: float = 60.0) -> Run:
    (folder / "graph").mkdir(exist_ok=True)
    (folder / "graph" / "one.py").write_text(body)
    template = expand(source("Resources: {Topic: {Type: AWS::SNS::Topic}}", "t.yaml"))[0]
    subject = Subject(key="0", template=template, rendered=render(template))
    return GraphEngine().run(
        Task(policies=folder, rules=rules or ("one",), thresholds={}, subjects=[subject], timeout=timeout)
    )


@pytest.mark.parametrize(
    ("body", "rules", "said"),
    [
        (RULE + "    yield from ()\n", ("other",), "the rule other did not load: .*other.py: No such file"),
        ("def one(:\n", ("one",), "the rule one did not load: SyntaxError"),
        ("import nothing_of_that_name\n", ("one",), "the rule one did not load: ModuleNotFoundError"),
        ("raise SystemError('no')\n", ("one",), "the rule one did not load: SystemError: no"),
        ("one = 1\n", ("one",), "has no rule one"),
        (RULE.replace("graph: Graph", "grph: Graph") + "    yield\n", ("one",), "asks for 'grph'"),
        (RULE.replace('    """A topic."""\n', "") + "    yield from ()\n", ("one",), "no docstring"),
    ],
)
def test_a_rule_that_does_not_load_is_named(tmp_path: Path, body: str, rules: tuple[str, ...], said: str) -> None:
    with pytest.raises(EngineFailure, match=said):
        run(tmp_path, body, *rules)


def test_no_rules_is_no_pass(tmp_path: Path) -> None:
    with pytest.raises(EngineFailure, match="no rule to run"):
        GraphEngine().run(Task(policies=tmp_path, rules=(), thresholds={}, subjects=[]))


@pytest.mark.parametrize("line", ["raise KeyError('x')", "yield 3", "return 3", "yield Hit(1 / 0)", "assert False"])
def test_a_rule_that_crashes_fails_the_template(tmp_path: Path, line: str) -> None:
    done = run(tmp_path, RULE + f"    {line}\n")
    assert done.results == {}
    assert "the rule one failed on Topic" in done.failures["0"]


def test_a_rule_that_hangs_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(EngineFailure, match=r"did not end within 0\.3 s"):
        run(tmp_path, RULE + "    while True:\n        pass\n", timeout=0.3)


def test_a_rule_that_changed_is_loaded_anew(tmp_path: Path) -> None:
    outcomes = [
        run(tmp_path, RULE + line).results["0"][0].outcome
        for line in ("    yield from ()\n", '    yield Hit("no")\n', "    yield from ()\n")
    ]
    assert outcomes == [Outcome.PASS, Outcome.FAIL, Outcome.PASS]
    shutil.rmtree(tmp_path / "graph")
    with pytest.raises(EngineFailure, match="did not load"):
        GraphEngine().run(Task(policies=tmp_path, rules=("one",), thresholds={}, subjects=[]))
