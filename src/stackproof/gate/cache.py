"""Engine results by content: the rendered template, the rules, the thresholds, the engine's version. Never a verdict.

Waivers, dates and the catalogue's prose are applied afterwards, every time. An entry that can't be read back whole is
no entry: the engine runs again."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from stackproof import __version__
from stackproof.engines.protocol import Engine, Run, Subject, Task
from stackproof.engines.setup.model import home
from stackproof.findings.outcome import Outcome
from stackproof.findings.result import Result, RuleId

_FORM = 1
_PACKAGE = Path(__file__).resolve().parents[1]


class CachedEngine:
    """An engine that asks its cache first, one subject at a time."""

    def __init__(self, engine: Engine, folder: Path | None = None, *, beside: Mapping[str, Any] | None = None) -> None:
        """`beside` is what the engine judges by besides the template, by subject key: the stack's access invariants."""
        self.name = engine.name
        self._beside = beside or {}
        self._engine = engine
        self._folder = folder or results_folder()

    def version(self) -> str:
        """The engine's."""
        return self._engine.version()

    def close(self) -> None:
        """The engine's."""
        self._engine.close()

    def run(self, task: Task) -> Run:
        """What is known from the cache, and the engine's own run for the rest."""
        base = self._base(task)
        keys = {subject.key: _key(base, subject, self._beside.get(subject.key)) for subject in task.subjects}
        known = {name: entry for name, key in keys.items() if (entry := self._read(key)) is not None}
        missing = [subject for subject in task.subjects if subject.key not in known]
        if missing:
            fresh = self._engine.run(replace(task, subjects=missing))
        else:
            fresh = Run(version=self.version(), rules=0, results={})
        rules = max([fresh.rules, *(entry["rules"] for entry in known.values())])
        for name, results in fresh.results.items():
            if name not in fresh.failures:
                self._write(keys[name], fresh, name, results)
        return replace(
            fresh,
            rules=rules,
            results={**fresh.results, **{name: _results(entry["results"]) for name, entry in known.items()}},
            raw={**fresh.raw, **{name: entry["raw"] for name, entry in known.items()}},
            informational={
                **fresh.informational,
                **{name: _results(entry["informational"]) for name, entry in known.items()},
            },
        )

    def _base(self, task: Task) -> str:
        digest = hashlib.sha256()
        # Some rules look at the calendar (runtimes that are deprecated): what they said holds for that day.
        today = getattr(self._engine, "today", None)
        parts = [_FORM, __version__, self.name, self.version(), task.rules, task.thresholds, today, _code()]
        digest.update(json.dumps(parts, sort_keys=True, default=str).encode())
        for path in sorted(_files(task.policies, self.name)):
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def _read(self, key: str) -> dict[str, Any] | None:
        try:
            data = json.loads((self._folder / key[:2] / f"{key}.json").read_bytes())
            body = json.dumps(data["body"], sort_keys=True, separators=(",", ":"))
            if data["sha256"] != hashlib.sha256(body.encode()).hexdigest():
                return None
            entry: dict[str, Any] = data["body"]
            _results(entry["results"])
            _results(entry["informational"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return entry

    def _write(self, key: str, run: Run, name: str, results: tuple[Result, ...]) -> None:
        body = {
            "rules": run.rules,
            "results": [_plain(result) for result in results],
            "raw": run.raw.get(name),
            "informational": [_plain(result) for result in run.informational.get(name, ())],
        }
        folder = self._folder / key[:2]
        try:
            text = json.dumps(body, sort_keys=True, separators=(",", ":"))
            entry = json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "body": body})
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
                file.write(entry)
            os.replace(file.name, folder / f"{key}.json")
        except (OSError, TypeError, ValueError):
            return  # a cache that can't be written costs time, nothing else


@cache
def _code() -> str:
    """A digest of our own code that engines and templates pass through: a mended fault must not live on in old
    results."""
    digest = hashlib.sha256()
    for folder in ("engines", "template", "graph", "rules"):
        for path in sorted(p for p in (_PACKAGE / folder).rglob("*") if p.suffix in (".py", ".yaml")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def results_folder() -> Path:
    """Where results are kept: $STACKPROOF_RESULTS, else `results` in the folder of the engines."""
    chosen = os.environ.get("STACKPROOF_RESULTS")
    return Path(chosen) if chosen else home() / "results"


def _files(policies: Path, engine: str) -> list[Path]:
    folder = {"cfn-guard": "guard", "cfn-lint": "cfnlint_rules", "checkov": "checkov_checks"}.get(engine, engine)
    return [path for path in (policies / folder).glob("*") if path.is_file() and path.suffix != ".yaml"]


def _key(base: str, subject: Subject, beside: Any) -> str:
    source = subject.template.source
    parameters = {
        name: str(p.value) if isinstance(p.value, str | list) else None
        for name, p in subject.template.parameters.items()
    }
    said = asdict(beside) if is_dataclass(beside) and not isinstance(beside, type) else beside
    content = [source.sha256, subject.rendered, parameters, dict(subject.template.variant), said]
    return hashlib.sha256((base + json.dumps(content, sort_keys=True, default=str)).encode()).hexdigest()


def _plain(result: Result) -> list[Any]:
    return [
        result.rule.engine, result.rule.rule, result.resource, str(result.outcome), list(result.path), result.message,
        result.line, result.column,
    ]  # fmt: skip


def _results(rows: list[list[Any]]) -> tuple[Result, ...]:
    return tuple(
        Result(
            rule=RuleId(engine=engine, rule=rule), resource=resource, outcome=Outcome(outcome), path=tuple(path),
            message=message, line=line, column=column,
        )
        for engine, rule, resource, outcome, path, message, line, column in rows
    )  # fmt: skip
