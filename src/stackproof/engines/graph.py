"""The graph engine: our rules over the graph of a template, in this process."""

import hashlib
import importlib.util
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from stackproof import __version__
from stackproof.engines.protocol import EngineFailure, Run, Subject, Task
from stackproof.findings.outcome import Outcome
from stackproof.findings.result import Result, RuleId
from stackproof.graph import Graph
from stackproof.rules.interface import Hit, Rule, applies, asked, resource_matches
from stackproof.template.model import Resource, UnknownValueError

NAME = "graph"


class GraphEngine:
    """Runs the rules of `policies/graph`. `access` are the stack's access invariants by subject key, where it has
    some."""

    name = NAME

    def __init__(self, access: Mapping[str, Any] | None = None) -> None:
        self._access = access or {}

    def version(self) -> str:
        """Ours."""
        return __version__

    def run(self, task: Task) -> Run:
        """Judge all subjects.

        Raises: EngineFailure when a rule does not load.
        """
        rules = [load_rule(task.policies / "graph" / f"{name}.py") for name in task.rules]
        if not rules:
            raise EngineFailure("graph: no rule to run; the catalogue names none for this engine.")
        results: dict[str, tuple[Result, ...]] = {}
        failures: dict[str, str] = {}
        with _within(task.timeout):
            for subject in task.subjects:
                try:
                    results[subject.key] = tuple(self.judge(subject, rules, task.thresholds))
                except EngineFailure as failure:
                    failures[subject.key] = str(failure)
        return Run(version=self.version(), rules=len(rules), results=results, failures=failures)

    def close(self) -> None:
        """It has no processes."""

    def judge(self, subject: Subject, rules: list[Rule], thresholds: Mapping[str, Any]) -> Iterator[Result]:
        """The results of these rules on one subject.

        Raises: EngineFailure naming the rule that failed.
        """
        graph = Graph(template=subject.template)
        offers = {"graph": graph, "thresholds": thresholds, "access": self._access.get(subject.key), "record": None}
        for rule in rules:
            if any(offers[name] is None for name in rule.needs if name not in rule.optional):
                continue  # what it judges is not there: no invariants, no behaviour record
            for resource in _population(rule, graph):
                yield from _evaluate(rule, resource, graph, asked(rule, offers), thresholds)


class _OutOfTime(BaseException):
    """Past every handler of a rule."""


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Stop what takes longer. Python can interrupt only its main thread, where the gate runs this engine.

    Raises: EngineFailure.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def expire(*_: object) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _OutOfTime:
        raise EngineFailure(
            f"graph: it did not end within {seconds:g} s: judge fewer templates a call, or allow more."
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _population(rule: Rule, graph: Graph) -> Iterator[Resource | None]:
    if rule.is_about_template:
        yield None
        return
    for pattern in rule.types:
        for resources in graph.by_type.values():
            if resources and resource_matches(pattern, resources[0]):
                yield from resources


def _evaluate(
    rule: Rule,
    resource: Resource | None,
    graph: Graph,
    arguments: dict[str, Any],
    thresholds: Mapping[str, Any],
) -> Iterator[Result]:
    found = False
    try:
        if not applies(rule, resource, graph, thresholds):
            return
        for hit in rule.check(**arguments) if resource is None else rule.check(resource, **arguments):
            found = True
            yield _result(rule, resource, graph, hit)
    except UnknownValueError as error:
        found = True
        yield _result(rule, resource, graph, Hit(f"not known: {error.unknown.reason}", outcome=Outcome.UNKNOWN))
    except Exception as error:
        name = resource.logical_id if resource else "the template"
        raise EngineFailure(f"graph: the rule {rule.name} failed on {name}: {type(error).__name__}: {error}") from error
    if not found:
        yield Result(rule=RuleId(engine=NAME, rule=rule.name), resource=_name(resource), outcome=Outcome.PASS)


def _result(rule: Rule, resource: Resource | None, graph: Graph, hit: Hit) -> Result:
    place = graph.resources.get(hit.resource) if hit.resource else resource
    return Result(
        rule=RuleId(engine=NAME, rule=rule.name),
        resource=hit.resource or _name(resource),
        outcome=hit.outcome,
        path=place.origin(*hit.path) if place else hit.path,
        message=hit.message,
    )


def _name(resource: Resource | None) -> str | None:
    return None if resource is None else resource.logical_id


def load_rule(path: Path) -> Rule:
    """The rule of a file: the function that has the file's name.

    Raises: EngineFailure that says what is wrong with the file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EngineFailure(f"graph: the rule {path.stem} did not load: {path}: {error.strerror}.") from None
    return _load(path, hashlib.sha256(content).hexdigest())


@lru_cache(maxsize=1024)
def _load(path: Path, digest: str) -> Rule:
    name = f"stackproof_rules_{digest[:16]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise EngineFailure(f"graph: {path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise EngineFailure(f"graph: the rule {path.stem} did not load: {type(error).__name__}: {error}") from error
    found = getattr(module, path.stem, None)
    if not isinstance(found, Rule):
        raise EngineFailure(f"graph: {path} has no rule {path.stem}; declare it there with @rule(...).")
    return found
