"""Case files: how a rule shows what is right and what is wrong, one form for all engines.

    rule: s3_versioning
    good:  {enabled: {Resources: {...}}}
    bad:   {suspended: {template: {Resources: {...}}, at: [Bucket]}}
    unknown: {by_parameter: {template: {Resources: {...}}, at: [Bucket]}}
    not_applicable: {no_bucket: {Resources: {...}}}

`at` are the logical ids that must fail (or be unknown), exactly; "*" for a rule about the template as a whole. A
template may have `access:` beside `template:` (access invariants) for the rules that ask for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stackproof.engines.protocol import Subject
from stackproof.errors import StackproofError
from stackproof.findings.outcome import Outcome
from stackproof.findings.result import Result
from stackproof.template.document import parse
from stackproof.template.expand import expand
from stackproof.template.model import Source
from stackproof.template.render import render

_CHECKOV = "CKV_STACKPROOF_"
_KINDS = ("good", "bad", "unknown", "not_applicable")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of a rule: `kind` is good, bad, unknown or not_applicable."""

    rule: str
    kind: str
    name: str
    source: Source
    at: tuple[str, ...] = ()
    access: Any = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def subjects(self) -> tuple[Subject, ...]:
        """The case's template, in each of its variants."""
        return tuple(
            Subject(key=f"{self.rule}-{self.kind}-{self.name}-{i}", template=template, rendered=render(template))
            for i, template in enumerate(expand(self.source))
        )


def load_cases(path: Path) -> tuple[Case, ...]:
    """The cases of a case file.

    Raises: StackproofError when it is missing or not of the form.
    """
    try:
        data, _ = parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StackproofError(f"{path}: {error.strerror}: each rule has its cases in a file beside it.") from None
    except StackproofError as error:
        raise StackproofError(f"{path}: {error}") from None
    if not isinstance(data, dict) or _stem(data.get("rule")) != path.stem:
        raise StackproofError(f"{path}: a case file starts with `rule: {path.stem}`.")
    return tuple(_cases(path, data))


def _stem(rule: Any) -> str:
    """The stem of a rule's files: checkov wants ids with a prefix, and in capitals."""
    name = str(rule)
    return name.removeprefix(_CHECKOV).lower() if name.startswith(_CHECKOV) else name


def _cases(path: Path, data: Mapping[str, Any]) -> Iterator[Case]:
    for kind in _KINDS:
        for name, body in (data.get(kind) or {}).items():
            template = body.get("template", body)
            if kind in ("bad", "unknown") and not body.get("at"):
                raise StackproofError(f"{path}: {kind}.{name} needs `at`: the logical ids that are not right.")
            yield Case(
                rule=str(data["rule"]),
                kind=kind,
                name=str(name),
                source=_source(template, f"{path.name}:{kind}.{name}"),
                at=tuple(body.get("at", ())),
                access=body.get("access"),
                extra={key: value for key, value in body.items() if key not in ("template", "at", "access")},
            )


def _source(template: Mapping[str, Any], name: str) -> Source:
    import json

    from stackproof.template.read import source

    return source(json.dumps(template, indent=1), name)


def verdict(case: Case, results: list[Result]) -> str:
    """What is wrong with the results of a case, '' when they are as the case says."""
    by = {outcome: sorted({r.resource or "*" for r in results if r.outcome is outcome}) for outcome in Outcome}
    failed, unknown, passed = by[Outcome.FAIL], by[Outcome.UNKNOWN], by[Outcome.PASS]
    expected = sorted(case.at)
    match case.kind:
        case "good":
            wrong = bool(failed or unknown or not passed)
        case "not_applicable":
            wrong = bool(failed or unknown or passed)
        case "bad":
            wrong = failed != expected
        case _:
            wrong = unknown != expected or bool(failed)
    found = "; ".join(f"{r.outcome} {r.resource or '*'}: {r.message}" for r in results if r.outcome is not Outcome.PASS)
    return f"{case.source.path}: expected {case.kind} {expected}, got {found or f'pass {passed}'}" if wrong else ""
