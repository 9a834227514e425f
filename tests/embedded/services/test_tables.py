"""DynamoDB: PartiQL, transactions, late indexes, expiry and metrics."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.dynamodb.models import dynamodb_backends

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.services.partiql import Marker, parse
from stackproof.embedded.services.tables import Tables
from stackproof.embedded.world import World
from tests.embedded.services.support import ROLE, FakeMetrics, running_world

JOBS, AUDIT = "jobs", "audit"


@dataclass
class Stage:
    world: World
    metrics: FakeMetrics
    tables: Tables
    client: Any

    def items(self, table: str) -> list[Any]:
        found: list[Any] = self.client.scan(TableName=table)["Items"]
        return found

    def run(self, *statements: tuple[str, list[Any]], token: str | None = None) -> Any:
        given = [{"Statement": text, "Parameters": [_typed(v) for v in values]} for text, values in statements]
        return self.client.execute_transaction(
            TransactStatements=given, **({"ClientRequestToken": token} if token else {})
        )

    def one(self, text: str, *values: Any) -> Any:
        return self.client.execute_statement(Statement=text, Parameters=[_typed(value) for value in values])


def _typed(value: Any) -> dict[str, str]:
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with running_world() as world:
        metrics = FakeMetrics()
        tables = Tables(world, metrics)
        operator = world.client("dynamodb")
        operator.create_table(
            TableName=JOBS, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "batch_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("batch_id", "active")],
            GlobalSecondaryIndexes=[{
                "IndexName": "active-index", "Projection": {"ProjectionType": "ALL"},
                "KeySchema": [{"AttributeName": "active", "KeyType": "HASH"}],
            }],
        )  # fmt: skip
        operator.create_table(
            TableName=AUDIT, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "batch_id", "KeyType": "HASH"},
                       {"AttributeName": "sequence", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "batch_id", "AttributeType": "S"},
                                  {"AttributeName": "sequence", "AttributeType": "N"}],
        )  # fmt: skip
        client = world.client("dynamodb", world.identities.issue(ROLE, "one"))
        yield Stage(world, metrics, tables, client)


INSERT_JOB = "INSERT INTO \"jobs\" VALUE {'batch_id': ?, 'status': ?, 'sequence': ?}"
INSERT_EVENT = "INSERT INTO \"audit\" VALUE {'batch_id': ?, 'sequence': ?, 'detail': ?}"
UPDATE_JOB = 'UPDATE "jobs" SET "status"=? SET "sequence"=? REMOVE "active" WHERE "batch_id"=? AND "sequence"=?'


def test_insert_and_update_in_one_transaction(stage: Stage) -> None:
    answer = stage.run((INSERT_JOB, ["b", "RECEIVED", 1]), (INSERT_EVENT, ["b", 1, "x"]))
    assert answer["Responses"] == [{}, {}]
    stage.run((UPDATE_JOB, ["SUBMITTED", 2, "b", 1]), (INSERT_EVENT, ["b", 2, "y"]))
    assert stage.items(JOBS) == [{"batch_id": {"S": "b"}, "status": {"S": "SUBMITTED"}, "sequence": {"N": "2"}}]
    assert [item["sequence"]["N"] for item in stage.items(AUDIT)] == ["1", "2"]


class Status(StrEnum):
    """A type of the code that makes the call, which nobody else knows."""

    RECEIVED = "RECEIVED"


def test_nothing_of_the_callers_types_is_kept(stage: Stage) -> None:
    stage.run((INSERT_JOB, ["b", Status.RECEIVED, 1]))
    [item] = dynamodb_backends["123456789012"]["eu-central-1"].tables[JOBS].all_items()
    assert type(item.attrs["status"].value) is str


def test_insert_never_replaces_and_nothing_of_the_transaction_stays(stage: Stage) -> None:
    stage.run((INSERT_EVENT, ["b", 1, "first"]))
    with pytest.raises(stage.client.exceptions.TransactionCanceledException) as caught:
        stage.run(
            (INSERT_JOB, ["b", "RECEIVED", 1]), (INSERT_EVENT, ["b", 1, "second"]), (UPDATE_JOB, ["S", 2, "c", 1])
        )
    reasons = caught.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "DuplicateItem", "ConditionalCheckFailed"]
    assert "[None, DuplicateItem, ConditionalCheckFailed]" in caught.value.response["Error"]["Message"]
    assert stage.items(JOBS) == []
    assert [item["detail"]["S"] for item in stage.items(AUDIT)] == ["first"]


def test_single_statements(stage: Stage) -> None:
    stage.one(INSERT_JOB, "b", "RECEIVED", 1)
    with pytest.raises(stage.client.exceptions.DuplicateItemException):
        stage.one(INSERT_JOB, "b", "OTHER", 1)
    with pytest.raises(stage.client.exceptions.ConditionalCheckFailedException):
        stage.one(UPDATE_JOB, "X", 2, "b", 7)
    stage.one(UPDATE_JOB, "X", 2, "b", 1)
    [item] = stage.one('SELECT * FROM "jobs" WHERE "batch_id"=?', "b")["Items"]
    assert item["status"] == {"S": "X"}
    stage.one('DELETE FROM "jobs" WHERE "batch_id"=?', "b")
    assert stage.items(JOBS) == []


def test_token_makes_a_transaction_idempotent_for_ten_minutes(stage: Stage) -> None:
    event = (INSERT_EVENT, ["b", 1, "x"])
    stage.run(event, token="t")
    assert stage.run(event, token="t")["Responses"] == [{}]
    with pytest.raises(stage.client.exceptions.IdempotentParameterMismatchException):
        stage.run((INSERT_EVENT, ["b", 2, "x"]), token="t")
    stage.world.clock.advance(601)
    with pytest.raises(stage.client.exceptions.TransactionCanceledException):
        stage.run(event, token="t")


def test_retry_of_a_lost_answer_has_the_clients_own_token(stage: Stage) -> None:
    lost: list[int] = []

    def lose(call: Call, answer: Answer) -> None:
        if call.operation == "ExecuteTransaction" and not lost:
            lost.append(call.number)
            raise AwsError("InternalServerError", "lost", status=500)

    stage.world.seam.observe(lose)
    stage.run((INSERT_EVENT, ["b", 1, "x"]))
    assert len(lost) == 1


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        ([(INSERT_EVENT, ["b", 1, "x"]), (INSERT_EVENT, ["b", 1, "y"])], "multiple operations on one item"),
        ([(INSERT_EVENT, ["b", 1])], "Number of parameters"),
    ],
)
def test_refused_transactions(stage: Stage, statements: Any, message: str) -> None:
    with pytest.raises(ClientError, match=message):
        stage.run(*statements)
    assert stage.items(AUDIT) == []


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("INSERT INTO jobs VALUE {'batch_id': ?, 'active': ?}", ["b", ""], "empty string value"),
        ("INSERT INTO jobs VALUE {'batch_id': ?, 'active': ?}", ["b", 1], "Type mismatch"),
        ("INSERT INTO jobs VALUE {'batch_id': ?}", [""], "empty string value"),
        ("INSERT INTO jobs VALUE {'active': ?}", ["b"], "Missing the key batch_id"),
        ('UPDATE jobs SET "batch_id"=? WHERE "batch_id"=?', ["c", "b"], "part of the key"),
        ('UPDATE jobs SET x=? WHERE "active"=?', ["c", "b"], "mandatory equality on all key attributes"),
        ('UPDATE jobs SET x=? SET x=? WHERE "batch_id"=?', ["c", "c", "b"], "overlap"),
    ],
)
def test_invalid_statements(stage: Stage, text: str, values: list[Any], message: str) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        stage.one(text, *values)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO jobs VALUE {'a': ?} RETURNING ALL NEW *",
        "UPDATE jobs SET a.b=? WHERE batch_id=?",
        "UPDATE jobs SET a=? WHERE batch_id > ?",
        "UPDATE jobs WHERE batch_id=?",
        "UPDATE jobs SET status=? WHERE batch_id=?",
        "SELECT a FROM jobs WHERE batch_id=?",
        "DROP TABLE jobs",
        ";",
    ],
)
def test_what_is_not_emulated_stops_the_session(stage: Stage, text: str) -> None:
    with pytest.raises(EmbeddedError):
        stage.one(text, "x")
    assert stage.world.seam.broken is not None


_QUOTE = "'"
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)
values = st.recursive(
    st.one_of(st.text().map(lambda t: {"S": t}), st.integers().map(lambda n: {"N": str(n)}),
              st.booleans().map(lambda b: {"BOOL": b}), st.just({"NULL": True}), st.just("?")),
    lambda inner: st.one_of(st.lists(inner, max_size=3).map(lambda v: {"L": v}),
                            st.dictionaries(names, inner, max_size=3).map(lambda v: {"M": v})),
    max_leaves=8,
)  # fmt: skip


def _written(value: Any) -> str:
    match value:
        case "?":
            return "?"
        case {"S": text}:
            return f"'{str(text).replace(_QUOTE, _QUOTE * 2)}'"
        case {"N": number}:
            return f"{number}"
        case {"BOOL": flag}:
            return str(flag).lower()
        case {"NULL": _}:
            return "null"
        case {"L": items}:
            return "[" + ", ".join(_written(item) for item in items) + "]"
        case _:
            entries = (f"{_written({'S': name})}: {_written(item)}" for name, item in value["M"].items())
            return "{" + ", ".join(entries) + "}"


def _numbered(value: Any, counter: Iterator[int]) -> Any:
    match value:
        case "?":
            return Marker(position=next(counter))
        case {"L": items}:
            return {"L": [_numbered(item, counter) for item in items]}
        case {"M": entries}:
            return {"M": {name: _numbered(item, counter) for name, item in entries.items()}}
        case _:
            return value


@given(st.dictionaries(names, values, min_size=1, max_size=4), names)
def test_an_insert_reads_back_as_it_was_written(item: dict[str, Any], table: str) -> None:
    quoted = table.replace('"', '""')
    found = parse(f'INSERT INTO "{quoted}" VALUE {_written({"M": item})}')
    counter = iter(range(1000))
    assert found.table == table
    assert {"M": found.values} == _numbered({"M": item}, counter)
    assert found.markers == next(counter)


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for prefix in ("", "INSERT INTO t VALUE ", "UPDATE t SET "):
        try:
            parse(prefix + text)
        except (EmbeddedError, AwsError):
            continue


writes = st.tuples(st.sampled_from(["insert", "update", "delete"]), st.sampled_from("abc"), st.integers(0, 2))
transactions = st.lists(st.lists(writes, min_size=1, max_size=3), min_size=1, max_size=6)


def _statement(prefix: str, verb: str, key: str, number: int) -> tuple[str, list[Any]]:
    name = f"{prefix}{key}"
    match verb:
        case "insert":
            return "INSERT INTO jobs VALUE {'batch_id': ?, 'n': ?}", [name, number]
        case "update":
            return "UPDATE jobs SET n=? WHERE batch_id=? AND n=?", [number + 1, name, number]
        case _:
            return "DELETE FROM jobs WHERE batch_id=? AND n=?", [name, number]


def _expected(model: dict[str, int], wanted: list[tuple[str, str, int]]) -> list[str]:
    """The codes of a transaction on the model, which is changed when all are None."""
    after, codes = dict(model), []
    for verb, key, number in wanted:
        if verb == "insert":
            codes.append("DuplicateItem" if key in model else "None")
            after[key] = number
        else:
            codes.append("None" if model.get(key) == number else "ConditionalCheckFailed")
            after[key] = number + 1
            if verb == "delete":
                after.pop(key)
    if set(codes) == {"None"}:
        model.clear()
        model.update(after)
    return codes


def test_transactions_are_all_or_nothing_in_any_order(stage: Stage) -> None:
    runs = iter(range(10_000))

    @settings(deadline=None, max_examples=60)
    @given(transactions)
    def check(history: list[list[tuple[str, str, int]]]) -> None:
        prefix, model = f"{next(runs)}-", dict[str, int]()
        for wanted in history:
            statements = [_statement(prefix, *write) for write in wanted]
            if len({key for _, key, _ in wanted}) < len(wanted):
                with pytest.raises(ClientError, match="multiple operations on one item"):
                    stage.run(*statements)
                continue
            codes = _expected(model, wanted)
            try:
                stage.run(*statements)
                found = ["None"] * len(wanted)
            except stage.client.exceptions.TransactionCanceledException as error:
                found = [reason["Code"] for reason in error.response["CancellationReasons"]]
            assert found == codes
        items = {i["batch_id"]["S"]: int(i["n"]["N"]) for i in stage.items(JOBS)}
        assert {k: n for k, n in items.items() if k.startswith(prefix)} == {prefix + k: n for k, n in model.items()}

    check()


def _active(stage: Stage) -> list[str]:
    found = stage.client.query(
        TableName=JOBS, IndexName="active-index", KeyConditionExpression="active = :a",
        ExpressionAttributeValues={":a": {"S": "ACTIVE"}},
    )["Items"]  # fmt: skip
    return sorted(item["batch_id"]["S"] for item in found)


def test_late_index(stage: Stage) -> None:
    insert = "INSERT INTO jobs VALUE {'batch_id': ?, 'active': ?}"
    stage.one(insert, "old", "ACTIVE")
    stage.tables.indexes.delay(2)
    stage.one(insert, "new", "ACTIVE")
    stage.one('UPDATE jobs REMOVE "active" WHERE "batch_id"=?', "old")
    assert _active(stage) == ["old"]
    stage.world.clock.advance(1)
    stage.client.delete_item(TableName=JOBS, Key={"batch_id": {"S": "new"}})
    stage.client.update_item(
        TableName=JOBS, Key={"batch_id": {"S": "late"}}, UpdateExpression="SET active = :a",
        ExpressionAttributeValues={":a": {"S": "ACTIVE"}},
    )  # fmt: skip
    stage.world.clock.advance(1.5)
    assert _active(stage) == ["new"]
    assert sorted(item["batch_id"]["S"] for item in stage.items(JOBS)) == ["late", "old"]
    stage.world.clock.advance(2)
    assert _active(stage) == ["late"]


def test_consistent_read_of_an_index_is_refused(stage: Stage) -> None:
    with pytest.raises(ClientError, match="Consistent reads are not supported"):
        stage.client.query(
            TableName=JOBS, IndexName="active-index", KeyConditionExpression="active = :a", ConsistentRead=True,
            ExpressionAttributeValues={":a": {"S": "ACTIVE"}},
        )  # fmt: skip


def test_expiry(stage: Stage) -> None:
    now = int(stage.world.clock.now().timestamp())
    operator = stage.world.client("dynamodb")
    times = {"soon": {"N": str(now + 60)}, "text": {"S": str(now + 60)}, "ages": {"N": str(now - 6 * 366 * 86400)},
             "milliseconds": {"N": str(now * 1000)}}  # fmt: skip
    for name, value in times.items():
        operator.put_item(TableName=AUDIT, Item={"batch_id": {"S": name}, "sequence": {"N": "1"}, "expires_at": value})
    stage.world.clock.advance(3 * 86400)
    assert stage.tables.expiry.expired() == []
    operator.update_time_to_live(
        TableName=AUDIT, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    stage.world.clock.advance(7 * 3600)
    assert [entry.item["batch_id"]["S"] for entry in stage.tables.expiry.expired()] == ["soon"]
    assert {item["batch_id"]["S"] for item in stage.items(AUDIT)} == {"text", "ages", "milliseconds"}


def test_expired_items_stay_visible_until_they_are_deleted(stage: Stage) -> None:
    operator = stage.world.client("dynamodb")
    operator.update_time_to_live(
        TableName=AUDIT, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    expires = str(int(stage.world.clock.now().timestamp()) + 60)
    operator.put_item(
        TableName=AUDIT, Item={"batch_id": {"S": "b"}, "sequence": {"N": "1"}, "expires_at": {"N": expires}}
    )
    stage.world.clock.advance(47 * 3600)
    assert [item["batch_id"]["S"] for item in stage.items(AUDIT)] == ["b"]
    stage.world.clock.advance(8 * 3600)
    assert stage.items(AUDIT) == []


def test_throttles_become_metrics_by_table_and_index(stage: Stage) -> None:
    def throttle(call: Call) -> None:
        if call.principal.arn == ROLE and len(hits) < 3:
            hits.append(call.operation)
            raise AwsError("ProvisionedThroughputExceededException", "Rate exceeded")

    hits: list[str] = []
    stage.world.seam.intercept(throttle)
    stage.run((INSERT_EVENT, ["b", 1, "x"]))
    assert stage.metrics.values("WriteThrottleEvents", TableName=AUDIT) == [1, 1, 1]
    assert stage.metrics.values("ThrottledRequests", TableName=AUDIT, Operation="ExecuteTransaction") == [1, 1, 1]
    assert stage.metrics.values("SuccessfulRequestLatency", TableName=AUDIT, Operation="ExecuteTransaction") == [5]
    hits.pop()
    _active(stage)
    index = {"TableName": JOBS, "GlobalSecondaryIndexName": "active-index"}
    assert stage.metrics.values("ReadThrottleEvents", **index) == [1]
