"""The monitor with many active jobs: how often it asks AWS Batch, and what it writes.

The records and the jobs are put there by the operator, as copies of a real one; the run is the deployed function's.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from stackproof.embedded.clock import real_seconds
from stackproof.embedded.seam import Answer, Call
from stackproof.flow.run import Stage, setting, staged
from stackproof.flow.scenario import Scenario

ROOT = Path(__file__).parents[1]
ACTIVE = 10_000
CHANGED = 25
SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


def crowd(stage: Stage, count: int) -> list[str]:
    """`count` active batches beside one real one, each with a job that AWS Batch knows; returns the job ids."""
    upload = {"do": "upload", "key": "incoming/payments.csv"}
    rules = [{"do": "rule", "rule": rule, "enabled": False} for rule in ("MonitorSchedule", "JobStateRule")]
    plan = {"do": "job", "stuck_runnable": "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS"}
    steps = [*rules, plan, upload, {"do": "advance", "by": "30s"}]
    stage.play(
        Scenario.model_validate({"name": "crowd", "area": "monitor", "about": "Many jobs wait.", "steps": steps})
    )
    session, resources = stage.session, stage.stack.resources
    table = resources["JobsTable"].physical_id
    (model,) = session.client("dynamodb").scan(TableName=table)["Items"]
    (job,) = session.batch.jobs()
    ids = []
    for number in range(count):
        batch_id = f"{number:064x}"
        session.batch.plan(batch_id, stuck_runnable="MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS")
        answer = session.client("batch").submit_job(jobName=batch_id, jobQueue=job.queue, jobDefinition=job.definition)
        item = {**model, "batch_id": {"S": batch_id}, "job_id": {"S": answer["jobId"]}}
        session.client("dynamodb").put_item(TableName=table, Item=item)
        ids.append(answer["jobId"])
    session.advance(10)
    return ids


def tick(stage: Stage) -> tuple[Counter[str], float, Any]:
    """One scheduled run: the calls by operation, real seconds, the function's error."""
    calls: Counter[str] = Counter()

    def watch(call: Call, answer: Answer) -> None:
        calls[call.name] += 1

    stage.session.world.seam.observe(watch)
    began = real_seconds()
    ended = stage.session.functions.invoke(stage.stack.resources["MonitorFunction"].physical_id, SCHEDULED)
    took = real_seconds() - began
    stage.session.world.seam.remove(watch)
    return calls, took, ended.error


def main() -> int:
    """Measure and print."""
    title = f"monitor, {ACTIVE:,} active jobs"
    print(f"\n{title:<34}{'DescribeJobs':>14}{'transactions':>14}{'real s':>8}")
    with staged(setting(ROOT / "template" / "stack.yaml", "dev")) as stage:
        ids = crowd(stage, ACTIVE - 1)
        stage.session.logs.delivery.lost.clear()
        worst = 0
        for title, change in (("first sight", 0), ("nothing changed", 0), (f"{CHANGED} jobs terminated", CHANGED)):
            for job_id in ids[:change]:
                stage.session.client("batch").terminate_job(jobId=job_id, reason="bench")
            stage.session.advance(5)
            calls, took, error = tick(stage)
            asked = calls["batch:DescribeJobs"]
            worst = max(worst, asked)
            print(f"  {title:<32}{asked:>14,}{calls['dynamodb:ExecuteTransaction']:>14,}{took:>8.1f}  {error or ''}")
    return 0 if worst <= ACTIVE // 100 else 1
