"""Lint the rules themselves: name whatever a policies folder still lacks, with file and line where there is one."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stackproof.catalogue.files import read, text
from stackproof.catalogue.load import load
from stackproof.catalogue.model import UNWRITTEN, Catalogue
from stackproof.catalogue.shelves import CHECKOV_PREFIX, SHELVES, Shelf
from stackproof.errors import StackproofError
from stackproof.findings.result import RuleId

_NEEDED = ("good", "bad", "not_applicable")
_CASE_KEYS = ("rule", *_NEEDED, "unknown")
_CHECKOV_BUILT_IN = re.compile(r"CKV2?_AWS_[0-9]+")
_UNWRITTEN = re.compile(rf"\b{UNWRITTEN}\b")
_LONGEST = 64


def check(policies: Path) -> list[str]:
    """Everything that a policies folder lacks, a sentence each; [] when it is whole.

    Raises: StackproofError when the catalogue itself can't be read.
    """
    catalogue = load(policies)
    return [
        *_unwritten("controls.yaml", text(policies / "controls.yaml")),
        *_requirements(catalogue),
        *_check_ids(catalogue),
        *(sentence for shelf in SHELVES for sentence in _shelf(policies, shelf, catalogue)),
    ]


def _unwritten(place: str, content: str) -> Iterator[str]:
    """What a scaffold left to be written, in prose, comments and code alike."""
    for number, line in enumerate(content.splitlines(), start=1):
        if _UNWRITTEN.search(line):
            words = line.strip()
            shown = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
            yield f"{place}:{number}: not written yet: {shown}"


def _requirements(catalogue: Catalogue) -> Iterator[str]:
    for framework in catalogue.frameworks.values():
        answered = {
            number for control in catalogue.controls.values() for number in control.frameworks.get(framework.id, ())
        }
        for number in framework.requirements:
            if number not in answered:
                yield f"frameworks.yaml: no control answers {framework.id} {number}. Name it in one, or remove it."


def _check_ids(catalogue: Catalogue) -> Iterator[str]:
    for rule in catalogue.rules_of("checkov"):
        if not rule.startswith(CHECKOV_PREFIX) and not _CHECKOV_BUILT_IN.fullmatch(rule):
            yield f"controls.yaml: {rule} is no checkov check; write CKV_AWS_n, CKV2_AWS_n or {CHECKOV_PREFIX}..."


def _shelf(policies: Path, shelf: Shelf, catalogue: Catalogue) -> Iterator[str]:
    folder = policies / shelf.folder
    expected = {stem: rule for rule in catalogue.rules_of(shelf.engine) if (stem := shelf.stem(rule))}
    files = {path.stem: path for path in _files(folder, shelf.suffix)}
    cases = {path.stem: path for path in _files(folder, ".yaml")}
    for stem, rule in expected.items():
        if stem not in files:
            yield f"{shelf.folder}/{stem}{shelf.suffix}: missing, although a control names {shelf.engine}:{rule}."
    for stem, path in files.items():
        yield from _rule_file(shelf, path, catalogue)
        if stem not in cases:
            yield f"{shelf.folder}/{stem}.yaml: missing; the rule {shelf.rule(stem)} has no cases."
    for stem, path in cases.items():
        if stem not in files:
            yield f"{shelf.folder}/{path.name}: belongs to no rule; there is no {stem}{shelf.suffix} beside it."
        yield from _case_file(shelf, path)


def _files(folder: Path, suffix: str) -> list[Path]:
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.suffix == suffix and not path.name.startswith((".", "_")))


def _rule_file(shelf: Shelf, path: Path, catalogue: Catalogue) -> Iterator[str]:
    place = f"{shelf.folder}/{path.name}"
    rule = RuleId(engine=shelf.engine, rule=shelf.rule(path.stem))
    if rule.rule not in catalogue.rules_of(shelf.engine):
        yield f"{place}: no control names {rule}. Add it to a control in controls.yaml."
    try:
        content = text(path)
    except StackproofError as error:
        yield f"{place}: {error}"
        return
    declared = shelf.declared.findall(content)
    if declared != [rule.rule]:
        found = " and ".join(declared) or "no rule"
        yield f"{place}: declares {found}; a file holds one rule of its own name, {rule.rule}."
    yield from _thresholds(shelf, place, content, catalogue.thresholds)
    yield from _unwritten(place, content)


def _thresholds(shelf: Shelf, place: str, content: str, known: Mapping[str, Any]) -> Iterator[str]:
    for found in shelf.threshold.finditer(content):
        section, name = found[1], found[2]
        values = known.get(section)
        if values is None or (name and name not in values):
            line = content.count("\n", 0, found.start()) + 1
            spelt = f"{section}.{name}" if name else section
            yield f"{place}:{line}: asks for the threshold {spelt}, which thresholds.yaml does not have. Add it there."


def _case_file(shelf: Shelf, path: Path) -> Iterator[str]:
    place = f"{shelf.folder}/{path.name}"
    try:
        cases = read(path, tags=True)
    except StackproofError as error:
        yield f"{place}: {error}"
        return
    if cases.get("rule") not in {path.stem, shelf.rule(path.stem)}:
        yield f"{place}: its `rule` is {cases.get('rule')!r}, not {path.stem!r}."
    for key in cases:
        if key not in _CASE_KEYS:
            yield f"{place}: the key {key!r} is not known; cases stand below {', '.join(_CASE_KEYS[1:])}."
    for kind in _NEEDED:
        found = cases.get(kind) or (cases.get("unknown") if kind == "bad" else None)  # a rule may have doubts only
        if not (kind == "not_applicable" and _is_about_template(cases)) and not _filled(found):
            yield f"{place}: has no {kind} case."
    for kind in ("bad", "unknown"):
        for name, case in _mapping(cases.get(kind)).items():
            if not isinstance(_mapping(case).get("at"), list) or not case["at"]:
                yield f"{place}: the case {kind}.{name} has no `at`: list the logical ids that are not right."
    yield from _unwritten(place, text(path))


def _is_about_template(cases: Mapping[str, Any]) -> bool:
    """A rule about the template as a whole applies to each template, so it has no case of the third kind."""
    bad = cases.get("bad") or cases.get("unknown")
    if not isinstance(bad, dict) or not bad:
        return False
    return any(isinstance(case, dict) and "*" in _listed(case.get("at")) for case in bad.values())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _filled(cases: Any) -> bool:
    return isinstance(cases, dict) and bool(cases)
