"""The catalogue as a page for people: `python -m stackproof.catalogue.document docs/controls.md` writes it."""

import sys
from collections.abc import Iterator
from pathlib import Path

from stackproof.catalogue.load import load
from stackproof.catalogue.model import ENGINES, GATE, Catalogue, Control, Framework
from stackproof.catalogue.place import default_policies
from stackproof.findings.outcome import Area

_HEAD = """\
# The controls

<!-- Generated from policies/controls.yaml and policies/frameworks.yaml: python -m stackproof.catalogue.document -->

What the gate checks, why, how to mend what it finds, and which requirements each control answers. A control is
implemented by rules, each in the engine that fits it best. Numbers that rules use (windows, days, limits) stand in
`policies/thresholds.yaml`.

A requirement is named only where the control answers it or a real part of it: passing the control is evidence for that
part, not for the whole requirement. A requirement that is not named here is not said to be irrelevant.
"""


def render(catalogue: Catalogue) -> str:
    """The page, in Markdown."""
    parts = [_head(catalogue)]
    for area in Area:
        controls = [control for control in catalogue.controls.values() if control.area is area]
        if controls:
            parts.append(_area(area, controls, catalogue))
    parts.append(_excluded(catalogue))
    parts.append("## The requirements, and the controls that answer them\n")
    parts.extend(_framework(framework, catalogue) for framework in catalogue.frameworks.values())
    return "\n".join(part for part in parts if part)


def main() -> None:
    """Write the page of the policies that come with stackproof to the file that is named, else to standard output."""
    page = render(load(default_policies()))
    if sys.argv[1:]:
        Path(sys.argv[1]).write_text(page, encoding="utf-8")
    else:
        sys.stdout.write(page)


def _head(catalogue: Catalogue) -> str:
    counts = [f"{len(names)} of {engine}" for engine in (*ENGINES, GATE) if (names := catalogue.rules_of(engine))]
    rules = sum(len(control.rules) for control in catalogue.controls.values())
    return f"{_HEAD}\n{len(catalogue.controls)} controls, {rules} rules: {', '.join(counts)}.\n"


def _area(area: Area, controls: list[Control], catalogue: Catalogue) -> str:
    rows = [
        f"| [{control.id}](#{control.id}) | {_cell(control.title)} | {control.severity} | {_rules(control)} |"
        f" {_answers(control, catalogue)} |"
        for control in controls
    ]
    table = ["| control | what | severity | rules | requirements |", "|---|---|---|---|---|", *rows]
    return "\n".join([f"## {_heading(area)}\n", *table, "", *(_entry(control) for control in controls)])


def _entry(control: Control) -> str:
    return f"### {control.id}\n\n{control.title}.\n\n**Why.** {control.why}\n\n**How to fix.** {control.fix}\n"


def _rules(control: Control) -> str:
    return "<br>".join(f"`{rule}`" for rule in control.rules)


def _answers(control: Control, catalogue: Catalogue) -> str:
    labels = ((catalogue.frameworks[key].label, numbers) for key, numbers in control.frameworks.items())
    return "<br>".join(f"{label}: {', '.join(numbers)}" for label, numbers in labels)


def _excluded(catalogue: Catalogue) -> str:
    if not catalogue.excluded:
        return ""
    rows = [f"| `{one.rule}` | {_cell(one.reason)} |" for one in catalogue.excluded]
    return "\n".join(["## What is left out, by name\n", "| rule | reason |", "|---|---|", *rows, ""])


def _framework(framework: Framework, catalogue: Catalogue) -> str:
    rows = [
        f"| {number} | {_cell(title)} | {', '.join(_links(framework, number, catalogue))} |"
        for number, title in framework.requirements.items()
    ]
    intro = f"{framework.name}, {framework.version}. Titles are ours. Source of the ids: {framework.source}"
    return "\n".join(
        [f"### {framework.label}\n", f"{intro}\n", "| requirement | title | controls |", "|---|---|---|", *rows, ""]
    )


def _links(framework: Framework, number: str, catalogue: Catalogue) -> Iterator[str]:
    for control in catalogue.controls.values():
        if number in control.frameworks.get(framework.id, ()):
            yield f"[{control.id}](#{control.id})"


def _heading(area: Area) -> str:
    return "IAM" if area is Area.IAM else area.capitalize()


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


if __name__ == "__main__":
    main()
