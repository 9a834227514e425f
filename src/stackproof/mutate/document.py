"""The report as JSON: the contract `stackproof.mutate/1` (docs/schemas/mutate-1.schema.json)."""

import json
from collections.abc import Mapping
from typing import Any

from stackproof.mutate.model import Caught, Judged, MutationReport, tallies

SCHEMA = "stackproof.mutate/1"


def render(report: MutationReport) -> str:
    """The document, without the changed templates themselves."""
    return json.dumps(document(report), indent=1, ensure_ascii=False) + "\n"


def document(report: MutationReport) -> Mapping[str, Any]:
    """The document as data. Times and durations are left out: the same inputs give the same document."""
    return {
        "schema": SCHEMA,
        "template": {"path": report.template, "sha256": report.sha256},
        "environments": list(report.environments),
        "exit_code": report.exit_code,
        "engines": [{"name": name, "version": version} for name, version in report.engines.items()],
        "left_out": list(report.left_out),
        "failures": list(report.failures),
        "findings_before": report.baseline,
        "areas": [
            {
                "area": tally.area,
                "mutants": tally.mutants,
                "killed": tally.killed,
                "survived": tally.survived,
                "equivalent": tally.equivalent,
                "needs_record": tally.needs_record,
                "rate": tally.rate,
            }
            for tally in tallies(report.judged)
        ],
        "idle_rules": [{"engine": rule.engine, "rule": rule.rule} for rule in report.idle],
        "mutants": [_mutant(one) for one in report.judged],
    }


def _mutant(one: Judged) -> Mapping[str, Any]:
    mutant = one.mutant
    return {
        "operator": mutant.operator,
        "path": "/".join(map(str, mutant.path)),
        "line": one.line,
        "environment": one.environment,
        "area": mutant.area,
        "description": mutant.description,
        "before": mutant.before,
        "after": mutant.after,
        "expected_controls": list(mutant.expected),
        "status": one.status,
        "killed_by": [_caught(found) for found in one.killed_by],
        "caught_by_others": [_caught(found) for found in one.others],
        "reason": one.reason or None,
    }


def _caught(found: Caught) -> Mapping[str, Any]:
    return {
        "engine": found.rule.engine,
        "rule": found.rule.rule,
        "control": found.control,
        "resource": None if found.resource == "*" else found.resource,
    }
