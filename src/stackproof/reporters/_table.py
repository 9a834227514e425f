"""The table of areas: what was checked, so that a pass shows its population."""

from collections import Counter
from collections.abc import Iterator

from rich.text import Text

from stackproof.findings.outcome import Area, Outcome
from stackproof.findings.report import ControlResult, Report
from stackproof.reporters import _view as view

_SHORT = {Outcome.NOT_APPLICABLE: "n/a", Outcome.NOT_EVALUATED: "not run"}
_AREA = 10
_STYLES = {"fail": "red", "unknown": "magenta", "waived": "blue"}


def area_table(report: Report, width: int) -> Iterator[Text]:
    """A line an area: its controls by outcome, the resources that it was judged on, and the checks made on them.

    Outcomes that no control has are left out, and in a narrow terminal the counts at the end.
    """
    areas = view.by_area(report.controls)
    if not areas:
        return
    present = {control.outcome for control in report.controls}
    outcomes = [outcome for outcome in view.WORDS if outcome is Outcome.PASS or outcome in present]
    names = [*(_SHORT.get(outcome, str(outcome)) for outcome in outcomes), "resources", "checks"]
    while _AREA + sum(len(name) + 2 for name in names) > width:
        names.pop()
    yield Text("area".ljust(_AREA) + "".join(f"  {name}" for name in names), style="dim")
    for area, controls in areas.items():
        yield _row(area, controls, outcomes, names)
    yield Text()


def _row(area: Area, controls: list[ControlResult], outcomes: list[Outcome], names: list[str]) -> Text:
    counts = Counter(control.outcome for control in controls)
    resources = {name for c in controls for name in (*c.passed, *c.failed, *c.unknown, *c.waived)}
    numbers = [*(counts[each] for each in outcomes), len(resources), sum(view.population(each) for each in controls)]
    row = Text(area.ljust(_AREA))
    for name, number in zip(names, numbers, strict=False):
        row.append("  ").append(str(number or "-").rjust(len(name)), style=_STYLES.get(name, "") if number else "dim")
    return row
