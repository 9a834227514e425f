"""Waivers: accepted exceptions, each with a reason, an owner, another approver and an end.

    template: stack.yaml
    waivers:
      - control: resilience-concurrency        # or `rule: graph:s3_lifecycle`
        resource: SubmitFunction               # a logical id; "*" for what is said of the template as a whole
        reason: the account's limit is 10, and nothing can be reserved of it; quota request 4711 is open
        owner: payments-platform
        approver: security-engineering
        expires: 2027-03-31                    # at most a year off

A waived finding stays visible everywhere. A waiver that has expired, is not complete, or matched nothing is a finding.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from stackproof.catalogue import Catalogue
from stackproof.errors import StackproofError
from stackproof.findings.report import Finding, Waiver
from stackproof.findings.result import RuleId
from stackproof.gate.files import load_placed

_REQUIRED = ("resource", "reason", "owner", "approver", "expires")
_LINT = re.compile(r"(?:cfn-lint:)?(?P<rule>[EW]\d{4})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)  # fromisoformat takes weeks too
_LONGEST = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with a waiver, and where it stands."""

    message: str
    file: str
    line: int
    resource: str | None = None


@dataclass(frozen=True, kw_only=True)
class WaiverFile:
    """The waivers of one stack that are complete, and the faults of those that are not."""

    path: str = ""
    waivers: tuple[Waiver, ...] = ()
    faults: tuple[Fault, ...] = ()


def load_waivers(path: Path) -> WaiverFile:
    """The waivers of a file. A waiver that is not complete is a fault and waives nothing.

    Raises: StackproofError when the file as a whole is not readable.
    """
    data, spans = load_placed(path)
    if not isinstance(data, dict) or not isinstance(data.get("waivers"), list) or set(data) - {"template", "waivers"}:
        raise StackproofError(f"{path}: it takes `template: FILE` and `waivers:` with a list of waivers.")
    waivers: list[Waiver] = []
    faults: list[Fault] = []
    for index, body in enumerate(data["waivers"]):
        place = spans.get(("waivers", index))
        line = place.line if place else 1
        wrong = _wrong(body)
        if wrong:
            resource = body.get("resource") if isinstance(body, dict) else None
            faults.append(
                Fault(
                    message=wrong, file=str(path), line=line, resource=resource if isinstance(resource, str) else None
                )
            )
        else:
            waivers.append(Waiver(**{"control": None, "rule": None, **body}, file=str(path), line=line))
    return WaiverFile(path=str(path), waivers=tuple(waivers), faults=tuple(faults))


def _wrong(body: Any) -> str:
    if not isinstance(body, dict):
        return f"a waiver is a mapping of {', '.join(_REQUIRED)} and control or rule"
    if ("control" in body) == ("rule" in body):
        return "a waiver names either a control or a rule"
    if missing := [name for name in _REQUIRED if not str(body.get(name) or "").strip()]:
        return f"the waiver has no {missing[0]}"
    if stray := sorted(set(body) - {*_REQUIRED, "control", "rule"}):
        return f"the waiver has the unknown entry {stray[0]!r}"
    if odd := [name for name, value in body.items() if not isinstance(value, str)]:
        return f"{odd[0]} must be a text"
    if bare := [name for name in ("reason", "owner", "approver") if not any(map(str.isalnum, body[name]))]:
        return f"the waiver's {bare[0]} says nothing"
    if _plain(body["owner"]) == _plain(body["approver"]):
        return f"the waiver is approved by its own owner, {body['owner']}"
    try:
        is_date = _DATE.fullmatch(body["expires"]) and date.fromisoformat(body["expires"])
    except ValueError:
        is_date = None
    return "" if is_date else f"expires must be a date such as 2027-03-31, not {body['expires']!r}"


def _plain(name: str) -> str:
    """A name without what nobody sees: case, blanks, signs of no width, other forms of the same letters."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name))).casefold()


def overdue(file: WaiverFile, today: date) -> Iterator[tuple[Waiver, str]]:
    """The waivers that hold no more, or not yet, and why."""
    for waiver in file.waivers:
        expires = date.fromisoformat(waiver.expires)
        if expires < today:
            yield waiver, f"the waiver of {_subject(waiver)} expired on {waiver.expires}"
        elif expires > today + _LONGEST:
            yield waiver, f"the waiver of {_subject(waiver)} runs until {waiver.expires}; a year is the most"


def apply(findings: tuple[Finding, ...], file: WaiverFile, today: date) -> tuple[tuple[Finding, ...], set[Waiver]]:
    """The findings, the waived ones with their waiver, and the waivers that matched something."""
    void = {waiver for waiver, _ in overdue(file, today)}
    used: set[Waiver] = set()
    result = []
    for finding in findings:
        matching = [waiver for waiver in file.waivers if _matches(waiver, finding)]
        used.update(matching)
        valid = [waiver for waiver in matching if waiver not in void]
        result.append(replace(finding, waiver=valid[0]) if valid else finding)
    return tuple(result), used


def _matches(waiver: Waiver, finding: Finding) -> bool:
    """A waiver of a rule covers a finding only if no other rule found it as well."""
    if waiver.resource != (finding.resource or "*"):
        return False
    if waiver.control is not None:
        return waiver.control == finding.control
    return all(waiver.rule in (str(rule), rule.rule) for rule in finding.rules)


def unknown_names(file: WaiverFile, catalogue: Catalogue) -> Iterator[tuple[Waiver, str]]:
    """The waivers of controls or rules that do not exist."""
    for waiver in file.waivers:
        if not speaks_of(waiver, catalogue):
            what = f"control {waiver.control}" if waiver.control is not None else f"rule {waiver.rule}"
            yield waiver, f"the waiver names the {what}, which does not exist"


def speaks_of(waiver: Waiver, catalogue: Catalogue) -> frozenset[RuleId]:
    """The rules whose findings a waiver covers, as the catalogue names them; none when there is no such control or
    rule. A rule of cfn-lint may be one of those that the catalogue names by their prefix."""
    found = {
        rule
        for control in catalogue.controls.values()
        for rule in control.rules
        if waiver.control == control.id or waiver.rule in (str(rule), rule.rule)
    }
    if lint := _LINT.fullmatch(waiver.rule or ""):
        rule = RuleId(engine="cfn-lint", rule=lint["rule"])
        found |= {one for c in catalogue.of_rule(rule) for one in c.rules if rule.rule.startswith(one.rule)}
    return frozenset(found)


def unused(waiver: Waiver) -> str:
    """The sentence for a waiver that matched nothing."""
    return f"the waiver of {_subject(waiver)} matched nothing: remove it"


def _subject(waiver: Waiver) -> str:
    return f"{waiver.control or waiver.rule} on {waiver.resource}"
