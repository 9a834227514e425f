"""Small fakes of the AWS clients that the Lambda code uses.

Each checks its parameters against botocore's own service model and behaves as AWS documents the operation, as far as
the code under test can tell. Errors come as botocore raises them.
"""

import io
import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

Item = dict[str, Any]


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def refusal(operation: str, code: str, status: int = 400, **more: Any) -> ClientError:
    """Return an error as botocore raises it for an answer of a service."""
    response = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return ClientError(response, operation)


class Client:
    """Checks parameters, notes the call, and raises what a test has asked for."""

    service = ""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Item]] = []
        self.faults: dict[str, list[Exception]] = {}

    def _enter(self, operation: str, parameters: Item) -> None:
        report = ParamValidator().validate(parameters, _model(self.service).operation_model(operation).input_shape)
        assert not report.has_errors(), report.generate_report()
        self.calls.append((operation, deepcopy(parameters)))
        faults = self.faults.get(operation, [])
        if faults:
            raise faults.pop(0)

    def made(self, operation: str) -> list[Item]:
        """Return the parameters of the calls of an operation."""
        return [parameters for name, parameters in self.calls if name == operation]


INSERT = re.compile(r"INSERT INTO \"([^\"]+)\" VALUE \{(.+)\}")
UPDATE = re.compile(r"UPDATE \"([^\"]+)\" (.+) WHERE (.+)")
QUOTED = re.compile(r"'([^']+)': \?")
SET = re.compile(r'SET "([^"]+)"=\?')
REMOVE = re.compile(r'REMOVE "([^"]+)"')
EQUAL = re.compile(r'"([^"]+)"=\?')


class Dynamo(Client):
    """Both tables; PartiQL in the two forms of the store."""

    service = "dynamodb"
    keys = {"jobs": ("batch_id",), "audit": ("batch_id", "sequence")}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, dict[tuple[str, ...], Item]] = {"jobs": {}, "audit": {}}
        self.before_write: Callable[[], None] = lambda: None
        """Run once before the next write: what somebody else does in between."""
        self.unindexed: set[str] = set()
        """Batches that the content index does not show yet."""

    def _key(self, table: str, item: Item) -> tuple[str, ...]:
        return tuple(next(iter(item[name].values())) for name in self.keys[table])

    def get_item(self, **parameters: Any) -> Item:
        self._enter("GetItem", parameters)
        item = self.tables[parameters["TableName"]].get(self._key(parameters["TableName"], parameters["Key"]))
        return {"Item": deepcopy(item)} if item else {}

    def get_paginator(self, operation: str) -> "Dynamo":
        assert operation == "query"
        return self

    def paginate(self, **parameters: Any) -> Iterator[Item]:
        self._enter("Query", parameters)
        assert not ("IndexName" in parameters and parameters.get("ConsistentRead")), "refused by DynamoDB"
        name, value = parameters["ExpressionAttributeNames"]["#name"], parameters["ExpressionAttributeValues"][":value"]
        order = {"active-index": "received_at", "content-index": "received_at", None: "sequence"}
        by = order[parameters.get("IndexName")]
        found = [item for item in self.tables[parameters["TableName"]].values() if item.get(name) == value]
        if parameters.get("IndexName") == "content-index":
            shown = [item for item in found if item["batch_id"]["S"] not in self.unindexed]
            found = [{n: item[n] for n in ("batch_id", "content_sha256", "received_at")} for item in shown]
        found.sort(key=lambda item: int(item[by]["N"]) if by == "sequence" else item[by]["S"])
        for start in range(0, len(found) or 1, 1000):
            yield {"Items": deepcopy(found[start : start + 1000])}

    def execute_transaction(self, **parameters: Any) -> Item:
        self._enter("ExecuteTransaction", parameters)
        meanwhile, self.before_write = self.before_write, lambda: None
        meanwhile()
        copy = {name: dict(items) for name, items in self.tables.items()}
        codes = [self._execute(copy, statement) for statement in parameters["TransactStatements"]]
        if any(codes):
            reasons = [{"Code": code or "None"} for code in codes]
            raise refusal("ExecuteTransaction", "TransactionCanceledException", CancellationReasons=reasons)
        self.tables = copy
        return {}

    def execute_statement(self, **parameters: Any) -> Item:
        self._enter("ExecuteStatement", parameters)
        code = self._execute(self.tables, parameters)
        if code:
            raise refusal("ExecuteStatement", f"{code}Exception")
        return {"Items": []}

    def _execute(self, tables: dict[str, dict[tuple[str, ...], Item]], statement: Item) -> str | None:
        text, values = statement["Statement"], list(statement["Parameters"])
        if insert := INSERT.fullmatch(text):
            table, item = insert[1], dict(zip(QUOTED.findall(insert[2]), values, strict=True))
            key = self._key(table, item)
            if key in tables[table]:
                return "DuplicateItem"
            tables[table][key] = item
            return None
        update = UPDATE.fullmatch(text)
        assert update, text
        sets, removed, where = SET.findall(update[2]), REMOVE.findall(update[2]), EQUAL.findall(update[3])
        assert len(sets) + len(where) == len(values)
        condition = dict(zip(where, values[len(sets) :], strict=True))
        key = self._key(update[1], condition)
        found = tables[update[1]].get(key)
        if found is None or any(found.get(name) != value for name, value in condition.items()):
            return "ConditionalCheckFailed"
        changed = {**found, **dict(zip(sets, values, strict=False))}
        tables[update[1]][key] = {name: value for name, value in changed.items() if name not in removed}
        return None

    def job(self, batch_id: str) -> dict[str, Any]:
        """Return a job's attributes as plain values."""
        return _plain(self.tables["jobs"][(batch_id,)])

    def trail(self, batch_id: str) -> list[dict[str, Any]]:
        """Return a job's audit events as plain values, in order."""
        items = [_plain(item) for (owner, _), item in self.tables["audit"].items() if owner == batch_id]
        return sorted(items, key=lambda item: item["sequence"])


def _plain(item: Item) -> dict[str, Any]:
    return {name: int(v["N"]) if "N" in v else v["S"] for name, v in item.items()}


class S3(Client):
    """Objects by bucket and key, and one notification configuration a bucket."""

    service = "s3"

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[tuple[str, str], bytes] = {}
        self.notifications: dict[str, Item] = {}

    def put_object(self, **parameters: Any) -> Item:
        self._enter("PutObject", parameters)
        place = (parameters["Bucket"], parameters["Key"])
        if parameters.get("IfNoneMatch") == "*" and place in self.objects:
            raise refusal("PutObject", "PreconditionFailed", 412)
        self.objects[place] = parameters["Body"]
        return {}

    def get_object(self, **parameters: Any) -> Item:
        self._enter("GetObject", parameters)
        body = self.objects.get((parameters["Bucket"], parameters["Key"]))
        if body is None:
            raise refusal("GetObject", "NoSuchKey", 404)
        return {"Body": io.BytesIO(body), "ContentLength": len(body)}

    def get_bucket_notification_configuration(self, **parameters: Any) -> Item:
        self._enter("GetBucketNotificationConfiguration", parameters)
        if parameters["Bucket"] not in self.notifications:
            raise refusal("GetBucketNotificationConfiguration", "NoSuchBucket", 404)
        return {**deepcopy(self.notifications[parameters["Bucket"]]), "ResponseMetadata": {"HTTPStatusCode": 200}}

    def put_bucket_notification_configuration(self, **parameters: Any) -> Item:
        self._enter("PutBucketNotificationConfiguration", parameters)
        self.notifications[parameters["Bucket"]] = deepcopy(parameters["NotificationConfiguration"])
        return {}


class Batch(Client):
    """Jobs by id; a test sets their details."""

    service = "batch"

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[str, Item] = {}

    def submit_job(self, **parameters: Any) -> Item:
        self._enter("SubmitJob", parameters)
        job_id = f"job-{len(self.jobs) + 1}"
        name = parameters["jobName"]
        self.jobs[job_id] = {"jobId": job_id, "jobName": name, "status": "SUBMITTED", "createdAt": len(self.jobs)}
        return {"jobId": job_id, "jobName": name}

    def list_jobs(self, **parameters: Any) -> Item:
        self._enter("ListJobs", parameters)
        (name,) = parameters["filters"][0]["values"]
        found = [job for job in self.jobs.values() if job["jobName"].lower() == name.lower()]
        start = int(parameters.get("nextToken", 0))
        more = {"nextToken": str(start + 1)} if start + 1 < len(found) else {}
        return {"jobSummaryList": found[::-1][start : start + 1], **more}

    def describe_jobs(self, **parameters: Any) -> Item:
        self._enter("DescribeJobs", parameters)
        assert 1 <= len(parameters["jobs"]) <= 100
        return {"jobs": [deepcopy(self.jobs[job_id]) for job_id in parameters["jobs"] if job_id in self.jobs]}


class Lambda(Client):
    """Keeps what is invoked."""

    service = "lambda"

    def __init__(self) -> None:
        super().__init__()
        self.payloads: list[Any] = []

    def invoke(self, **parameters: Any) -> Item:
        self._enter("Invoke", parameters)
        assert parameters["InvocationType"] == "Event"
        self.payloads.append(json.loads(parameters["Payload"]))
        return {"StatusCode": 202}


class Context:
    """What a handler needs of Lambda's context."""

    function_name = "fin-submit"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:fin-submit"
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def __init__(self, remaining: Callable[[], int] = lambda: 60_000) -> None:
        self.get_remaining_time_in_millis = remaining
