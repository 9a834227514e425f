"""The catalogue as data: controls, frameworks, exclusions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from stackproof.errors import StackproofError
from stackproof.findings.outcome import Area, Severity
from stackproof.findings.result import RuleId

ENGINES = ("cfn-lint", "cfn-guard", "checkov", "graph", "schema")
"""The engines, in the order in which reports name them. The last one is for `gate --fast` only."""

GATE = "gate"
"""Instead of an engine: rules of the gate itself, such as `gate:waivers`."""

UNWRITTEN = "TODO"
"""Stands in a new entry where prose is still missing; the self-check names it."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """One control: what is checked, why it matters, how to fix it, the rules that check it, and the requirements
    (framework -> ids) that it answers."""

    id: str
    title: str
    area: Area
    severity: Severity
    why: str
    fix: str
    rules: tuple[RuleId, ...]
    frameworks: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Framework:
    """A framework: a short label for tables, its full name and version, where its ids were taken from, and requirement
    id -> title (ours)."""

    id: str
    label: str
    name: str
    version: str
    source: str
    requirements: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """A rule of cfn-lint that reports what it can't know, left out by name."""

    rule: RuleId
    reason: str


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All controls by id, in the order of the file; thresholds.yaml as data; the frameworks by id; the exclusions."""

    controls: Mapping[str, Control]
    thresholds: Mapping[str, Any]
    frameworks: Mapping[str, Framework]
    excluded: tuple[Exclusion, ...] = ()

    def of_rule(self, rule: RuleId) -> tuple[Control, ...]:
        """The control that a rule serves, () when there is none. For cfn-lint the catalogue may list prefixes: the
        longest one that fits wins."""
        for name in _names(rule):
            if found := self._by_rule.get((rule.engine, name)):
                return (found,)
        return ()

    def rules_of(self, engine: str) -> tuple[str, ...]:
        """The rules that an engine has to evaluate, as the catalogue names them (for cfn-lint: ids and prefixes)."""
        return tuple(name for found, name in self._by_rule if found == engine)

    def exclusion(self, rule: RuleId) -> Exclusion | None:
        """The exclusion of a rule, if it is excluded."""
        return next((one for one in self.excluded if one.rule == rule), None)

    def control(self, name: str) -> Control:
        """The control of that id.

        Raises: StackproofError that names the nearest ones.
        """
        if found := self.controls.get(name):
            return found
        raise StackproofError(f"There is no control {name!r}. {did_you_mean(name, self.controls)}")

    @cached_property
    def _by_rule(self) -> Mapping[tuple[str, str], Control]:
        return {(rule.engine, rule.rule): control for control in self.controls.values() for rule in control.rules}


def did_you_mean(name: str, names: Mapping[str, object]) -> str:
    """A sentence that helps on from a name that is not there."""
    from difflib import get_close_matches  # seldom needed, and this module is on the way of every command

    near = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    inside = [known for known in names if name and name.lower() in known and known not in near]
    if guesses := (near + inside)[:4]:
        return f"Did you mean {' or '.join(guesses)}?"
    return "`stackproof rules` lists all controls and rules."


def _names(rule: RuleId) -> Iterator[str]:
    yield rule.rule
    if rule.engine == "cfn-lint":
        for end in range(len(rule.rule) - 1, 0, -1):
            yield rule.rule[:end]
