"""Playing a scenario's steps on a deployed stack."""

import json
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from stackproof.embedded import faults
from stackproof.embedded.deploy import DeploymentFailed
from stackproof.embedded.session import Embedded, Stack
from stackproof.errors import StackproofError
from stackproof.flow import steps
from stackproof.flow.files import Made, make
from stackproof.flow.observe import Batch, Observer
from stackproof.flow.scenario import Parts
from stackproof.generate import Truth

_REFERENCE = re.compile(r"\$\{(\w+)(?:\.(\w+))?\}")
Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One upload: what was put where, as which version, and what is true of it."""

    key: str
    version_id: str
    truth: Truth | None


@dataclass(kw_only=True)
class Story:
    """What playing the steps left behind for the judgement: the uploads in order, and every step that went wrong."""

    begun: datetime
    uploads: list[Sent] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def version(self, key: str, version: int) -> Sent | None:
        """The `version`-th upload of a key, from 1."""
        sent = [upload for upload in self.uploads if upload.key == key]
        return sent[version - 1] if len(sent) >= version else None


class Player:
    """Plays steps, one verb each."""

    def __init__(self, session: Embedded, stack: Stack, parts: Parts, *, progress: Progress = lambda _: None) -> None:
        self._session = session
        self._stack = stack
        self._parts = parts
        self._progress = progress
        self._observer = Observer(session, stack, parts)
        self.story = Story(begun=session.now())

    def play(self, step: steps.Step) -> None:
        """Do one step; one that AWS refuses is a problem of the story.

        Raises: StackproofError when the step names what the stack does not have.
        """
        try:
            self._do(step)
        except ClientError as error:
            self.story.problems.append(f"The step {step.do} was refused: {error}.")

    def _do(self, step: steps.Step) -> None:
        s = self._session
        match step:
            case steps.Upload():
                self._upload(step)
            case steps.Run():
                self.settle(step.limit)
            case steps.Advance():
                s.leap(step.by) if step.leap else s.advance(step.by)
            case steps.InjectFault():
                s.faults.arm(self._fault(step))
            case steps.ClearFaults():
                self._close_faults()
            case steps.PlanJob():
                s.batch.plan(**step.model_dump(exclude={"do"}, exclude_defaults=True))
            case steps.Events():
                self._events(step)
            case steps.Rule():
                change = s.client("events").enable_rule if step.enabled else s.client("events").disable_rule
                change(Name=self._id(step.rule))
            case steps.Invoke():
                s.functions.invoke_async(self._id(step.function), self._fill(step.payload))
            case steps.Redeliver():
                s.notifications.redeliver(self._id(self._parts.inbox), step.key)
            case steps.Terminate():
                self._terminate(step)
            case steps.Redrive():
                self._redrive(step)
            case steps.Overwrite():
                self._overwrite(step)
            case steps.Attempt():
                for role in step.roles:
                    self._attempt(step, role)
            case steps.Delete():
                self._delete_archive(step)
            case steps.OperatorCall():
                getattr(s.client(step.service), xform_name(step.operation))(**self._fill(step.parameters))
            case steps.DeleteStack():
                self._delete_stack()

    def finish(self) -> Story:
        """Close the story: a fault, a plan or a disturbance that met nothing is a problem of the scenario."""
        self._close_faults()
        unmet = {
            "planned jobs were never submitted": self._session.batch.unmet_plans(),
            "events of EventBridge that were to be lost never came": self._session.bus.unmet_drops(),
            "events of functions that were to be lost or doubled never came": self._session.functions.events.unmet(),
        }
        self.story.problems += [f"{count} {what}." for what, count in unmet.items() if count]
        return self.story

    def send(self, key: str, made: Made, identity: str = "producer") -> None:
        """Upload a file as the producer; its event is on the way when this returns. A refusal is a problem."""
        client = self._session.client("s3", principal=self._role(identity))
        with made.path.open("rb") as body:
            try:
                answer = client.put_object(Bucket=self._id(self._parts.inbox), Key=key, Body=body)
            except ClientError as error:
                self.story.problems.append(f"{key} could not be uploaded as {identity}: {error}.")
                return
        version = answer.get("VersionId", "null")  # a bucket without versions
        self.story.uploads.append(Sent(key=key, version_id=version, truth=made.truth))

    def settle(self, limit: float) -> None:
        """Let time pass until every upload has a record and no batch is active."""
        expected = len(self.story.uploads)

        def settled() -> bool:
            records = self._observer.records()
            self._progress(", ".join(sorted(f"{r['status']}" for r in records)[:6]) or "waiting for the event")
            return len(records) >= expected and not any("active" in r for r in records)

        if not self._session.run_until(settled, limit=limit):
            active = [f"{r['key']}: {r['status']}" for r in self._observer.active()]
            self.story.problems.append(
                f"Not settled after {limit:.0f} s: {', '.join(active) or 'a batch has no record'}."
            )

    def _upload(self, step: steps.Upload) -> None:
        with tempfile.TemporaryDirectory(prefix="stackproof-") as folder:
            self.send(step.key, make(step.file, Path(folder) / "file"), step.identity)

    def _fault(self, step: steps.InjectFault) -> faults.Fault:
        data = step.model_dump(exclude={"do"})
        if step.role != "*":
            data["role"] = self._role(step.role)
        data["where"] = {name: self._fill(value) for name, value in step.where.items()}
        return faults.parse(data)

    def _close_faults(self) -> None:
        self.story.problems += [f"The fault met no call: {f}." for f, hits in self._session.faults.hits() if not hits]
        self._session.faults.clear()

    def _events(self, step: steps.Events) -> None:
        s = self._session
        match step.action, step.of:
            case "drop", "bus":
                s.bus.drop_next(step.count)
            case "duplicate", "bus":
                s.bus.duplicate_next(step.count)
            case "hold", "bus":
                s.bus.hold()
            case "release", "bus":
                s.bus.release(order=step.order)
            case "drop", function:
                s.functions.events.drop_next(self._id(function), step.count)
            case "duplicate", function:
                s.functions.events.duplicate_next(self._id(function), step.count)
            case "hold", function:
                s.functions.events.hold(self._id(function))
            case "release", function:
                s.functions.events.release(self._id(function), order=step.order)

    def _terminate(self, step: steps.Terminate) -> None:
        job = next((b.jobs[-1] for b in self._observer.batches() if b.key == step.key and b.jobs), None)
        if job is None:
            self.story.problems.append(f"{step.key} has no job to terminate.")
            return
        self._session.client("batch").terminate_job(jobId=job.id, reason=step.reason)

    def _redrive(self, step: steps.Redrive) -> None:
        sqs, queue = self._session.client("sqs"), self._id(step.queue)
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                self._session.functions.invoke_async(self._id(step.function), json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    def _overwrite(self, step: steps.Overwrite) -> None:
        batch = self._batch(step.key)
        if batch is None:
            return
        self._session.client("dynamodb").update_item(
            TableName=self._id(self._parts.audit),
            Key={"batch_id": {"S": batch.batch_id}, "sequence": {"N": str(step.sequence)}},
            UpdateExpression="SET #a = :v",
            ExpressionAttributeNames={"#a": step.attribute},
            ExpressionAttributeValues={":v": {"S": step.value}},
        )

    def _attempt(self, step: steps.Attempt, role: str) -> None:
        client = self._session.client(step.service, principal=self._role(role))
        try:
            getattr(client, xform_name(step.operation))(**self._fill(step.parameters))
        except ClientError as error:
            denied = error.response["Error"]["Code"].startswith(("AccessDenied", "AuthorizationError"))
            if denied is not step.denied:
                self.story.problems.append(f"{role} {step.service}:{step.operation}: {error}")
        else:
            if step.denied:
                self.story.problems.append(f"{role} may {step.service}:{step.operation}, and must not.")

    def _delete_archive(self, step: steps.Delete) -> None:
        s3, bucket = self._session.client("s3"), self._id(self._parts.archive)
        batch = self._batch(step.key)
        if batch is None:
            return
        found = s3.list_object_versions(Bucket=bucket, Prefix=f"audit/{batch.batch_id}/").get("Versions", [])
        if not found:
            self.story.problems.append(f"{step.key} has no archived event that could be deleted.")
        for version in found:
            try:
                s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
            except ClientError:
                continue
            self.story.problems.append(f"{version['Key']} could be deleted although it is locked.")

    def _delete_stack(self) -> None:
        try:
            self._session.deployer.delete(self._stack.name)
        except DeploymentFailed as error:
            self.story.problems.append(f"The stack can't be deleted: {error}")

    def _batch(self, key: str) -> Batch | None:
        """The batch of a key; that there is none is a problem."""
        found = next((b for b in self._observer.batches() if b.key == key), None)
        if found is None:
            self.story.problems.append(f"{key} has no batch.")
        return found

    def _role(self, name: str) -> str:
        """The ARN of a role's logical id, or the producer's."""
        if name == "producer":
            return str(self._stack.parameters[self._parts.producer])
        if name not in self._stack.resources:
            raise StackproofError(f"The scenario names the role {name}; the template has no such resource.")
        return self._stack.resources[name].arn

    def _id(self, logical_id: str) -> str:
        if logical_id not in self._stack.resources:
            raise StackproofError(f"The scenario names {logical_id}; the template has no such resource.")
        return self._stack.resources[logical_id].physical_id

    def _fill(self, value: Any) -> Any:
        """Put physical ids (or attributes) in the place of `${LogicalId}` and `${LogicalId.Arn}`."""
        if isinstance(value, Mapping):
            return {key: self._fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._fill(item) for item in value]
        if not isinstance(value, str):
            return value
        return _REFERENCE.sub(lambda m: self._id(m[1]) if m[2] is None else self._attribute(m[1], m[2]), value)

    def _attribute(self, logical_id: str, name: str) -> str:
        self._id(logical_id)
        resource = self._stack.resources[logical_id]
        return resource.arn if name == "Arn" else str(resource.attributes[name])
