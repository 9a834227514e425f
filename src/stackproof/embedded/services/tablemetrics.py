"""What DynamoDB tells CloudWatch about the calls on a table (DynamoDB, Metrics and dimensions)."""

from collections.abc import Callable, Mapping
from typing import Any

from stackproof.embedded.ports import Metrics
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.world import World

NAMESPACE = "AWS/DynamoDB"
_THROTTLED = {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"}
_THROTTLE_REASONS = {"ProvisionedThroughputExceeded", "ThrottlingError"}
_READS = {"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"}
_WRITES = {
    "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems", "ExecuteStatement",
    "ExecuteTransaction",
}  # fmt: skip
_LATENCY_MILLISECONDS = 5.0


class TableMetrics:
    """Watches the seam. `table_of` finds the table of a PartiQL statement."""

    def __init__(self, world: World, metrics: Metrics, table_of: Callable[[str], str]) -> None:
        self._metrics, self._table_of = metrics, table_of
        world.seam.observe(self._observe)

    def _observe(self, call: Call, answer: Answer) -> None:
        if call.service != "dynamodb" or call.operation not in _READS | _WRITES:
            return
        for table in sorted(_tables(call.parameters, self._table_of)):
            self._measure(call, answer, table)

    def _measure(self, call: Call, answer: Answer, table: str) -> None:
        by_operation = {"TableName": table, "Operation": call.operation}
        if _is_throttled(answer):
            self._put("ThrottledRequests", by_operation)
            event = "ReadThrottleEvents" if call.operation in _READS else "WriteThrottleEvents"
            index = call.parameters.get("IndexName")
            self._put(event, {"TableName": table, **({"GlobalSecondaryIndexName": index} if index else {})})
        elif answer.error is None:
            self._metrics.put(
                NAMESPACE, "SuccessfulRequestLatency", by_operation, _LATENCY_MILLISECONDS, unit="Milliseconds"
            )
        elif answer.error.status >= 500:
            self._put("SystemErrors", by_operation)
        elif answer.error.code == "ConditionalCheckFailedException":
            self._put("ConditionalCheckFailedRequests", {"TableName": table})

    def _put(self, name: str, dimensions: Mapping[str, str]) -> None:
        self._metrics.put(NAMESPACE, name, dimensions, 1, unit="Count")


def _is_throttled(answer: Answer) -> bool:
    if answer.error is None:
        return False
    reasons = {reason.get("Code") for reason in answer.parsed.get("CancellationReasons", [])}
    return answer.error.code in _THROTTLED or bool(reasons & _THROTTLE_REASONS)


def _tables(given: Mapping[str, Any], table_of: Callable[[str], str]) -> set[str]:
    match given:
        case {"TableName": name}:
            names = {name}
        case {"RequestItems": requests}:
            names = set(requests)
        case {"TransactStatements": statements}:
            names = {table_of(statement["Statement"]) for statement in statements}
        case {"Statement": statement}:
            names = {table_of(statement)}
        case {"TransactItems": items}:
            names = {part["TableName"] for item in items for part in item.values()}
        case _:
            names = set()
    return {name.rpartition("/")[2] for name in names}
