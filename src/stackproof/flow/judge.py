"""Judging a played scenario: what it expects, and what must hold after every scenario."""

import json
from collections.abc import Iterator

from stackproof.embedded.session import Embedded, Stack
from stackproof.flow import chain
from stackproof.flow.observe import Batch, Observer, own_metrics
from stackproof.flow.play import Story
from stackproof.flow.scenario import BatchExpectation, Parts, Scenario

FINAL = {"SUCCEEDED": "processed", "REJECTED": "rejected"}


def judge(session: Embedded, stack: Stack, parts: Parts, scenario: Scenario, story: Story) -> list[str]:
    """Every way in which the state differs from what must be true, in words; nothing when all holds."""
    observer = Observer(session, stack, parts)
    batches = observer.batches()
    return [
        *(f"The audit table has events of {orphan}, which no record knows." for orphan in observer.orphans()),
        *story.problems,
        *_invariants(batches, scenario, story),
        *_batches(batches, scenario, story),
        *_alarms(session, stack, scenario, story),
        *(_left_behind(session, stack, parts) if scenario.expect.deleted else _dead_letters(session, stack, scenario)),
        *_metrics(session, scenario),
        *_services(session, stack, scenario),
        *_told(session, scenario, story),
    ]


def _invariants(batches: list[Batch], scenario: Scenario, story: Story) -> Iterator[str]:
    """No file lost, none published twice, every chain whole, status and manifest in agreement."""
    known = {(b.key, b.version_id) for b in batches}
    for upload in story.uploads:
        if scenario.expect.settled and (upload.key, upload.version_id) not in known:
            yield f"The file {upload.key} (version {upload.version_id}) is lost: no batch knows it."
    for batch in batches:
        if len(batch.manifests) > 1:
            yield f"{batch.key} was published {len(batch.manifests)} times."
        if scenario.expect.expired:
            yield from _expired(batch)
        elif scenario.expect.audit == "intact":
            yield from (f"{batch.key}: audit: {problem}." for problem in batch.chain_breaks)
        if scenario.expect.settled and "active" in batch.record:
            yield f"{batch.key} is not settled: {batch.status}."
        outcome = batch.manifests[0]["outcome"] if batch.manifests else None
        if FINAL.get(batch.status) != (outcome if batch.status in FINAL else None):
            yield f"{batch.key} is {batch.status}, its manifest says {outcome}."
        if batch.status == "FAILED" and outcome is not None:
            yield f"{batch.key} is FAILED although its manifest says {outcome}."
    if scenario.expect.audit == "broken" and not any(b.chain_breaks for b in batches):
        yield "The audit chain was tampered with and nothing shows it."


def _expired(batch: Batch) -> Iterator[str]:
    """The table has let the events go, the archive has kept an unbroken chain of copies."""
    if batch.events:
        yield f"{batch.key}: {len(batch.events)} audit events are still in the table."
    copies = [json.loads(batch.copies[name]) for name in sorted(batch.copies)]
    if not copies or copies[-1]["hash"] != batch.record["last_hash"]:
        yield f"{batch.key}: the archive does not hold the whole trail."
    yield from (f"{batch.key}: archive: {problem}." for problem in chain.breaks(copies))


def _batches(batches: list[Batch], scenario: Scenario, story: Story) -> Iterator[str]:
    for expected in scenario.expect.batches:
        sent = story.version(expected.key, expected.version)
        batch = next(
            (b for b in batches if sent and (b.key, b.version_id) == (sent.key, sent.version_id)),
            None,
        )
        if sent is None or batch is None:
            yield f"No batch of {expected.key}, version {expected.version}."
            continue
        yield from (f"{expected.key}: {problem}" for problem in _batch(batch, expected, batches))
        if sent.truth is not None and expected.counts_from_file and batch.manifests:
            yield from (f"{expected.key}: {p}" for p in _counts(batch, sent.truth.accepted, dict(sent.truth.reasons)))


def _batch(batch: Batch, expected: BatchExpectation, batches: list[Batch]) -> Iterator[str]:
    if batch.status != expected.status:
        yield f"is {batch.status} ({batch.record.get('reason')}), not {expected.status}."
    if expected.statuses is not None and batch.statuses != expected.statuses:
        yield f"went {' > '.join(batch.statuses)}, not {' > '.join(expected.statuses)}."
    if expected.reason is not None and expected.reason not in str(batch.record.get("reason")):
        yield f"has the reason {batch.record.get('reason')!r}, not {expected.reason!r}."
    if expected.jobs is not None and len(batch.jobs) != expected.jobs:
        yield f"has {len(batch.jobs)} AWS Batch jobs, not {expected.jobs}."
    if expected.attempts is not None and [len(j.attempts) for j in batch.jobs] != [expected.attempts]:
        yield f"took {[len(j.attempts) for j in batch.jobs]} attempts, not {expected.attempts}."
    if expected.file_reason is not None:
        found = batch.manifests[0]["file_reason"] if batch.manifests else None
        if found != expected.file_reason:
            yield f"was rejected for {found}, not {expected.file_reason}."
    twin = batch.record.get("duplicate_of")
    named = next((b.key for b in batches if b.batch_id == twin), None)
    if named != expected.duplicate_of:
        yield f"is said to have the content of {named}, not of {expected.duplicate_of}."


def _counts(batch: Batch, accepted: int, reasons: dict[str, int]) -> Iterator[str]:
    manifest = batch.manifests[0]
    if manifest["accepted"] + manifest["rejected"] != manifest["lines"]:
        yield f"{manifest['accepted']} accepted + {manifest['rejected']} rejected are not {manifest['lines']} lines."
    if manifest["accepted"] != accepted or manifest["reasons"] != reasons:
        yield f"accepted {manifest['accepted']} with {manifest['reasons']}; the file holds {accepted} with {reasons}."
    for name in ("lines", "accepted", "rejected"):
        if batch.record.get(name) != manifest[name]:
            yield f"the record says {batch.record.get(name)} {name}, the manifest {manifest[name]}."


def _alarms(session: Embedded, stack: Stack, scenario: Scenario, story: Story) -> Iterator[str]:
    """Named alarms went through exactly these states; others never went to ALARM; each change was notified."""
    alarms = {i: r.physical_id for i, r in stack.resources.items() if r.type == "AWS::CloudWatch::Alarm"}
    for logical_id in scenario.expect.alarms.keys() - alarms.keys():
        yield f"The scenario names the alarm {logical_id}; the template has none."
    for logical_id, name in alarms.items():
        history = session.alarms.history(name)
        states = [new for at, _, new, _ in history if at >= story.begun]
        before = [new for at, _, new, _ in history if at < story.begun][-1:]
        expected = scenario.expect.alarms.get(logical_id)
        tolerated = {"*", logical_id} & set(scenario.expect.tolerated)
        if before == ["ALARM"] and not tolerated:
            yield f"The alarm {logical_id} was in ALARM before anything was done."
        if expected is None and "ALARM" in states and not tolerated:
            yield f"The alarm {logical_id} went {' > '.join(states)}, unexpected."
        if expected is not None and states != expected:
            yield f"The alarm {logical_id} went {' > '.join(states) or 'nowhere'}, not {' > '.join(expected)}."
        subjects = [mail.subject or "" for mail in session.topics.outbox() if mail.at >= story.begun]
        for state in expected or []:
            if not any(name in subject and state in subject for subject in subjects):
                yield f"Nobody was told that {logical_id} is {state}."


def _told(session: Embedded, scenario: Scenario, story: Story) -> Iterator[str]:
    mails = [f"{mail.subject}\n{mail.message}" for mail in session.topics.outbox() if mail.at >= story.begun]
    yield from (f"No mail says {text!r}." for text in scenario.expect.told if not any(text in mail for mail in mails))


def _dead_letters(session: Embedded, stack: Stack, scenario: Scenario) -> Iterator[str]:
    queues = {i: r.physical_id for i, r in stack.resources.items() if r.type == "AWS::SQS::Queue"}
    for logical_id, url in queues.items():
        answer = session.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        waiting = int(answer["ApproximateNumberOfMessages"])
        if waiting != (expected := scenario.expect.dead_letters.get(logical_id, 0)):
            yield f"{waiting} messages wait in {logical_id}, not {expected}."


def _left_behind(session: Embedded, stack: Stack, parts: Parts) -> Iterator[str]:
    """After the stack's deletion: everything with data is there, and the inbox calls a deleted function no more."""
    s3 = session.client("s3")
    inbox = stack.resources[parts.inbox].physical_id
    if s3.get_bucket_notification_configuration(Bucket=inbox).get("LambdaFunctionConfigurations"):
        yield f"{parts.inbox} still notifies a function of the deleted stack."
    kept = {b["Name"] for b in s3.list_buckets()["Buckets"]} | set(
        session.client("dynamodb").list_tables()["TableNames"]
    )
    for resource in stack.resources.values():
        data = resource.type in ("AWS::S3::Bucket", "AWS::DynamoDB::Table")
        if data and resource.deletion_policy == "Retain" and resource.physical_id not in kept:
            yield f"{resource.logical_id} was to be retained and is gone."


def _metrics(session: Embedded, scenario: Scenario) -> Iterator[str]:
    totals = own_metrics(session)
    for name, expected in scenario.expect.metrics.items():
        total = totals[name].total if name in totals else 0
        if total != expected:
            yield f"The metric {name} adds up to {total}, not {expected}."


def _services(session: Embedded, stack: Stack, scenario: Scenario) -> Iterator[str]:
    """What services do with the roles: log lines are written, and every invocation is traced."""
    for group, lines in session.logs.delivery.lost.items():
        yield f"{lines} lines of {group} were lost: {session.logs.delivery.why_lost[group]}."
    for group, reasons in session.logs.delivery.dropped.items():
        yield f"{group}: {len(reasons)} embedded metrics were dropped: {reasons[0]}."
    for at, alarm, action, why in session.alarms.failed_actions:
        yield f"{at:%H:%M:%S}: the alarm {alarm} could not tell {action}: {why}."
    for resource in stack.resources.values():
        if resource.type == "AWS::Lambda::Function":
            name = resource.physical_id
            ended = [i for i in session.functions.events.invocations() if i.function == name and not i.killed]
            if len(session.functions.traces(name)) < len(ended):
                yield f"{name} was invoked {len(ended)} times and traced {len(session.functions.traces(name))} times."
