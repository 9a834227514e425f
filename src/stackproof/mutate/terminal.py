"""The report for people: a table by area, then every survivor, then the rules that killed nothing."""

from collections.abc import Iterator, Sequence

from stackproof.mutate.model import Caught, Judged, MutationReport, Status, tallies

_HEAD = ("area", "mutants", "killed", "survived", "equivalent", "rate", "needs the behaviour record")


def render(report: MutationReport, *, width: int = 80) -> str:
    """The whole report as text, readable without colour."""
    return "\n".join(_lines(report, width)) + "\n"


def _lines(report: MutationReport, width: int) -> Iterator[str]:
    where = f" under {', '.join(report.environments)}" if report.environments else ""
    yield f"{report.template}{where}: {len(report.judged)} faults seeded, in {report.seconds:.0f} s"
    if report.baseline:
        yield f"The template itself has {report.baseline} findings; only new ones count below."
    yield ""
    yield from _table(report)
    yield from _judged("Survivors", report, Status.SURVIVED, width)
    yield from _judged("Not judged, because an engine failed", report, Status.FAILED, width)
    yield from _equivalent(report, width)
    if report.idle:
        yield ""
        yield f"Rules that killed nothing here ({len(report.idle)}):"
        yield from (f"  {rule}" for rule in report.idle)
    if report.left_out:
        yield ""
        yield f"Left out: {', '.join(report.left_out)}. This is no proof."
    yield ""
    yield _summary(report)


def _table(report: MutationReport) -> Iterator[str]:
    yield f"{_HEAD[0]:<12}{_HEAD[1]:>8}{_HEAD[2]:>8}{_HEAD[3]:>10}{_HEAD[4]:>12}{_HEAD[5]:>9}  {_HEAD[6]}"
    for tally in tallies(report.judged):
        yield (
            f"{tally.area:<12}{tally.mutants:>8}{tally.killed:>8}{tally.survived:>10}{tally.equivalent:>12}"
            f"{percent(tally.rate):>9}  {tally.needs_record or ''}"
        ).rstrip()


def _judged(title: str, report: MutationReport, status: Status, width: int) -> Iterator[str]:
    found = [one for one in report.judged if one.status is status]
    if not found:
        return
    yield ""
    yield f"{title} ({len(found)}):"
    area = ""
    for one in sorted(found, key=lambda j: (j.mutant.area, j.line or 0, j.mutant.operator)):
        if one.mutant.area != area:
            area = one.mutant.area
            yield ""
            yield f"  {area}"
        yield from _one(report, one, width)


def _one(report: MutationReport, one: Judged, width: int) -> Iterator[str]:
    mutant = one.mutant
    place = "/".join(map(str, mutant.path))
    yield f"  {report.template}:{one.line or '?'}  {mutant.operator}"
    yield f"      {place}"
    change = f"{mutant.before} -> {mutant.after}" if mutant.before != mutant.after else mutant.description
    yield f"      {_fit(change, width - 6)}"
    if mutant.expected:
        yield f"      expected of {' or '.join(mutant.expected)}"
    if one.reason:
        yield f"      {one.reason}"
    if one.others:
        yield f"      caught only by {names(one.others)}"


def _equivalent(report: MutationReport, width: int) -> Iterator[str]:
    found = [one for one in report.judged if one.status is Status.EQUIVALENT]
    if not found:
        return
    share = len(found) / len(report.judged)
    yield ""
    yield f"Equivalent ({len(found)}, {percent(share)}): the template means the same."
    for one in found:
        yield f"  line {one.line or '?'}  {one.mutant.operator}: {_fit(one.mutant.description, width - 20)}"
        yield f"      {one.reason}"


def _summary(report: MutationReport) -> str:
    total = tallies(report.judged)[-1] if report.judged else None
    if report.exit_code == 3:
        return "An engine failed, or nothing was seeded: nothing is proven. " + " ".join(report.failures[:3])
    assert total is not None
    if total.survived:
        return f"{total.survived} faults survived; {percent(total.rate)} of those that count were killed."
    return f"All {total.killed} faults that count were killed."


def names(caught: Sequence[Caught]) -> str:
    """The rules, with their controls."""
    return ", ".join(dict.fromkeys(f"{one.rule} ({one.control})" for one in caught))


def percent(rate: float | None) -> str:
    """A share for people; 99.99 % is not 100 %."""
    if rate is None:
        return "-"
    return "100 %" if rate == 1 else f"{min(rate * 100, 99.9):.1f} %"


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
