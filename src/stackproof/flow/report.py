"""What happened in a flow, for people (terminal) and for programs (JSON, `stackproof.flow/1`)."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from stackproof.flow.observe import Batch
from stackproof.flow.run import Outcome

_STYLES = {"SUCCEEDED": "green", "REJECTED": "yellow", "FAILED": "red", "ALARM": "red", "OK": "green"}


def as_json(outcomes: list[Outcome]) -> str:
    """The whole outcome; times of events are the session's, `took` is real seconds."""
    document = {
        "schema": "stackproof.flow/1",
        "verdict": "pass" if outcomes and all(o.ok for o in outcomes) else "fail",
        "scenarios": [_scenario(outcome) for outcome in outcomes],
    }
    return json.dumps(document, indent=2, default=str)


def _scenario(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.scenario,
        "about": outcome.about,
        "environment": outcome.environment,
        "verdict": "pass" if outcome.ok else "fail",
        "problems": outcome.problems,
        "batches": [_batch(batch) for batch in outcome.batches],
        "alarms": outcome.alarms,
        "notifications": outcome.notifications,
        "metrics": {name: asdict(summary) for name, summary in sorted(outcome.metrics.items())},
        "calls": outcome.calls,
        "resources": outcome.resources,
        "took": {name: round(value, 3) for name, value in outcome.took.items()},
    }


def _batch(batch: Batch) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "key": batch.key,
        "version_id": batch.version_id,
        "status": batch.status,
        "reason": batch.record.get("reason"),
        "manifest": batch.manifests[0] if batch.manifests else None,
        "jobs": [{"job_id": j.id, "status": j.status, "attempts": len(j.attempts)} for j in batch.jobs],
        "audit": {
            "events": [
                {k: event[k] for k in ("sequence", "at", "actor", "previous_status", "status", "hash")}
                for event in batch.events
            ],
            "archived": len(batch.copies),
            "breaks": batch.chain_breaks,
        },
    }


def show(outcomes: list[Outcome], console: Console) -> None:
    """Print outcomes for a person; one line a scenario when there are several."""
    if len(outcomes) != 1:
        console.print(_overview(outcomes))
        return
    outcome = outcomes[0]
    console.print(Group(*(part for batch in outcome.batches for part in _shown_batch(batch))))
    console.print(_shown_alarms(outcome))
    if outcome.metrics:
        console.print(_shown_metrics(outcome))
    console.print(_timings(outcome), style="dim", highlight=False)
    _verdict(outcome, console)


def _overview(outcomes: list[Outcome]) -> Table:
    table = Table(title="Scenarios", title_justify="left", box=None, pad_edge=False)
    for heading in ("", "scenario", "seconds", "what it proves"):
        table.add_column(heading)
    for o in outcomes:
        mark = Text("pass", "green") if o.ok else Text("FAIL", "red bold")
        table.add_row(mark, o.scenario, f"{sum(o.took.values()):.1f}", "\n".join([o.about, *o.problems]))
    return table


def _shown_batch(batch: Batch) -> list[RenderableType]:
    head = Text.assemble("\n", (batch.key, "bold"), "  ", (batch.status, _STYLES.get(batch.status, "")))
    if batch.record.get("reason"):
        head.append(f"  {batch.record['reason']}")
    lines: list[RenderableType] = [head]
    for job in batch.jobs:
        lines.append(Text(f"  job {job.id}: {job.status} after {len(job.attempts)} attempt(s)"))
    if batch.manifests:
        lines.append(_counts(batch.manifests[0]))
    lines.append(_events(batch))
    breaks = batch.chain_breaks
    chain = f"  {len(batch.events)} events, {len(batch.copies)} write-once copies: "
    lines.append(Text(chain + ("chain intact" if not breaks else "; ".join(breaks)), "green" if not breaks else "red"))
    return lines


def _events(batch: Batch) -> Table:
    """The audit trail, with the session's time since the upload was received."""
    table = Table(title="  audit trail", title_justify="left", box=None, pad_edge=False, show_header=False)
    for justify in ("right", "left", "left", "right", "left"):
        table.add_column(justify=justify, no_wrap=True)
    start = datetime.fromisoformat(str(batch.events[0]["at"])) if batch.events else None
    for event in batch.events:
        since = datetime.fromisoformat(str(event["at"])) - start if start else None
        status = Text(str(event["status"]), _STYLES.get(str(event["status"]), ""))
        seconds = f"+{since.total_seconds():,.0f} s" if since is not None else ""
        table.add_row(f"    {event['sequence']}", status, str(event["actor"]), seconds, f"{event['hash'][:12]}…")
    return table


def _counts(manifest: dict[str, Any] | Any) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", min_width=12)
    table.add_column(justify="right")
    table.add_column()
    lines = manifest["lines"]
    for name in ("lines", "accepted", "rejected"):
        share = f"{manifest[name] / lines:.2%}" if lines else ""
        table.add_row("  " + name, f"{manifest[name]:,}", share)
    for reason, count in manifest["reasons"].items():
        table.add_row("    " + reason, f"{count:,}", "")
    control = manifest["control"]
    declared, computed = control["declared"], control["computed"]
    table.add_row("  control", f"{computed['count']:,}", f"lines, declared {_number(declared['count'])}")
    table.add_row("  totals", str(computed["sum"]), f"sum, declared {declared['sum'] or 'nothing'}")
    table.add_row("", "", Text("they match", "green") if control["matches"] else Text("they differ", "red"))
    return table


def _shown_alarms(outcome: Outcome) -> Text:
    fired = {name: states for name, states in outcome.alarms.items() if "ALARM" in states}
    text = Text(f"\nalarms: {len(outcome.alarms)} evaluated, {len(fired)} fired, {outcome.notifications} notifications")
    for name, states in fired.items():
        text.append(f"\n  {name}: ")
        for number, state in enumerate(states):
            text.append((" > " if number else "") + state, _STYLES.get(state, "dim"))
    return text


def _number(value: int | None) -> str:
    return "nothing" if value is None else f"{value:,}"


def _shown_metrics(outcome: Outcome) -> Table:
    table = Table(title="metrics", title_justify="left", box=None, pad_edge=False, header_style="dim")
    table.add_column("  name")
    for heading in ("points", "sum", "highest"):
        table.add_column(heading, justify="right")
    table.add_column("unit", style="dim")
    for name, summary in sorted(outcome.metrics.items()):
        table.add_row(
            f"  {name}", f"{summary.count:,}", f"{summary.total:,.10g}", f"{summary.maximum:,.10g}", summary.unit
        )
    return table


def _timings(outcome: Outcome) -> str:
    stages = ", ".join(f"{name} {value:.1f} s" for name, value in outcome.took.items())
    return f"\n{outcome.resources} resources, {outcome.calls:,} AWS calls; real time: {stages}"


def _verdict(outcome: Outcome, console: Console) -> None:
    if outcome.ok:
        console.print("The flow ended as it should.", style="green bold")
        return
    console.print(f"The flow did not end as it should ({len(outcome.problems)}):", style="red bold")
    for problem in outcome.problems:
        console.print(f"  {problem}", markup=False, highlight=False)
