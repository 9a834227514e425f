"""The program cfn-guard: call it, and take nothing for an answer but a whole one."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackproof.engines.guard.rules import RuleFile
from stackproof.engines.protocol import EngineFailure

PINNED = "3.1.1"
CANARY = json.dumps({"Resources": {"Canary": {"Type": "Stackproof::Canary::Resource", "Properties": {}}}})
"""Goes first into every call: no rule applies to it, so each must say so, which shows that each was loaded."""

_VALIDATE = ("validate", "--payload", "--structured", "--output-format", "json", "--show-summary", "none")
_ANSWERED = (0, 19)  # all passed or were skipped; one failed
_RULES_UNREADABLE = 5
_WORTH_A_PROCESS = 60  # documents; a process costs about as much as ten of them

Report = Mapping[str, Any]


class _Died(Exception):
    """It ended as it ends on a document that it can't read, or crashed."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """The program at `path`; `deadline` is in seconds of the monotonic clock."""

    path: Path
    deadline: float

    def version(self) -> str:
        """Such as "3.1.1".

        Raises: EngineFailure when it can't be started or is not the one that this engine was made for.
        """
        answer = self._call(["--version"], b"")
        name, _, version = answer.stdout.decode(errors="replace").strip().partition(" ")
        if answer.returncode != 0 or name != "cfn-guard":
            raise EngineFailure(f"cfn-guard: {self.path} is not cfn-guard: asked for its version it {_ending(answer)}.")
        if version != PINNED:
            raise EngineFailure(
                f"cfn-guard: {self.path} is version {version}, but the rules were proven with {PINNED}: "
                "install that one (`stackproof engines`)."
            )
        return version

    def identity(self) -> tuple[int, ...]:
        """What changes when another program is put in its place."""
        try:
            found = self.path.stat()
        except OSError as error:
            raise EngineFailure(f"cfn-guard: {self.path} cannot be read: {error.strerror}.") from None
        return (found.st_ino, found.st_size, found.st_mtime_ns)

    def judge(self, rules: Sequence[RuleFile], documents: Sequence[str]) -> list[Report | str]:
        """For each document what cfn-guard says of it, or the sentence that says why it can't.

        Raises: EngineFailure when it can say nothing at all.
        """
        workers = max(1, min(_cores(), len(documents) // _WORTH_A_PROCESS))
        size = -(-len(documents) // workers) if documents else 1
        chunks = [documents[start : start + size] for start in range(0, len(documents), size)] or [()]
        with ThreadPoolExecutor(workers) as pool:
            answers = pool.map(lambda chunk: self._bisected(rules, chunk), chunks)
        return [report for answer in answers for report in answer]

    def _bisected(self, rules: Sequence[RuleFile], documents: Sequence[str]) -> list[Report | str]:
        """One unreadable document ends a call without any answer: find it, and judge the others."""
        try:
            return list(self._validated(rules, documents))
        except _Died as died:
            if not documents:
                raise EngineFailure(f"cfn-guard: {died}, whatever it is given: install it anew.") from None
            self._bisected(rules, ())  # does it do so without them, too?
            if len(documents) == 1:
                return [f"cfn-guard cannot judge it: on this resource alone it {died}"]
        half = len(documents) // 2
        return [*self._bisected(rules, documents[:half]), *self._bisected(rules, documents[half:])]

    def _validated(self, rules: Sequence[RuleFile], documents: Sequence[str]) -> list[Report]:
        payload = {"rules": [rule.text for rule in rules], "data": [CANARY, *documents]}
        answer = self._call(_VALIDATE, json.dumps(payload).encode())
        said = answer.stderr.decode(errors="replace")
        # Where a document fails besides, the exit code is that of the failure.
        if answer.returncode == _RULES_UNREADABLE or "RULES_STDIN[" in said:
            raise EngineFailure(_unparsed(rules, said))
        if answer.returncode not in _ANSWERED:
            raise _Died(_ending(answer))
        canary, *reports = _reports(answer.stdout, 1 + len(documents))
        if sorted(canary["not_applicable"]) != sorted(rule.name for rule in rules):
            _refuse_canary(canary, rules)
        return reports

    def _call(self, arguments: Sequence[str], stdin: bytes) -> "subprocess.CompletedProcess[bytes]":
        left = self.deadline - time.monotonic()
        try:
            return subprocess.run(
                [str(self.path), *arguments], input=stdin, capture_output=True, timeout=max(left, 0.001), check=False
            )
        except subprocess.TimeoutExpired:
            raise EngineFailure(
                "cfn-guard: it did not end in time: allow more, or judge fewer templates a call."
            ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise EngineFailure(
                f"cfn-guard: {self.path} cannot be started: {reason}. Install it with `stackproof engines`."
            ) from None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ending(answer: "subprocess.CompletedProcess[bytes]") -> str:
    said = answer.stderr.decode(errors="replace").strip().partition("\n")[0][:200]
    code = answer.returncode
    try:
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    except ValueError:
        how = f"was killed by signal {-code}"
    return f"{how} ({said})" if said else how


def _unparsed(rules: Sequence[RuleFile], said: str) -> str:
    names = [rule.name for index, rule in enumerate(rules, 1) if f"RULES_STDIN[{index}]" in said]
    line = said.strip().partition("\n")[0][:300]
    named = " and ".join(f"{name}.guard" for name in names) or "a rule file"
    return f"cfn-guard: {named} cannot be read as a rule: {line}"


def _reports(stdout: bytes, expected: int) -> list[Report]:
    """One report a document, in their order."""
    try:
        reports = json.loads(stdout.decode())
    except ValueError:
        raise EngineFailure(f"cfn-guard: its output is no JSON; it starts with {stdout[:60]!r}.") from None
    if not isinstance(reports, list) or not all(isinstance(report, dict) for report in reports):
        raise EngineFailure("cfn-guard: its output is no list of reports, so it may be another version.")
    names = [report.get("name") for report in reports]
    if names != [f"DATA_STDIN[{index}]" for index in range(1, expected + 1)]:
        raise EngineFailure(
            f"cfn-guard: {expected} documents were given to it, but it reported on {len(names)}, or in another order: "
            "one was skipped, so none is taken as judged."
        )
    for report in reports:
        _check_shape(report)
    return [{key: value for key, value in report.items() if key != "name"} for report in reports]


def _check_shape(report: Report) -> None:
    for key in ("compliant", "not_applicable", "not_compliant"):
        if not isinstance(report.get(key), list):
            raise EngineFailure(f"cfn-guard: a report without `{key}`, so it may be another version.")
    passed, skipped, failed = (report[key] for key in ("compliant", "not_applicable", "not_compliant"))
    if not all(isinstance(item, dict) and isinstance(item.get("Rule"), dict) for item in failed):
        raise EngineFailure("cfn-guard: `not_compliant` holds something else than rules, so it may be another version.")
    status = "FAIL" if failed else "PASS" if passed else "SKIP"
    if report.get("status") != status or not all(isinstance(name, str) for name in (*passed, *skipped)):
        raise EngineFailure(
            f"cfn-guard: a status that is not known: {report.get('status')!r} where {status} was expected."
        )


def _refuse_canary(canary: Report, rules: Sequence[RuleFile]) -> None:
    seen = {
        *canary["compliant"],
        *canary["not_applicable"],
        *(item["Rule"].get("name") for item in canary["not_compliant"]),
    }
    for rule in rules:
        if rule.name not in seen:
            raise EngineFailure(f"cfn-guard: the rule {rule.name} was given to it but not evaluated.")
    for rule in rules:
        if rule.name not in canary["not_applicable"]:
            raise EngineFailure(
                f"cfn-guard: {rule.name}.guard judges resources of other types than it selects: "
                "its rule needs `when %selection !empty`."
            )
