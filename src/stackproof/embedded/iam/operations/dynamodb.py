"""DynamoDB. Transactions and batches need the permissions of their parts (authz: only BatchGetItem and
BatchWriteItem are actions of their own). BatchExecuteStatement is left out: it answers denials one by one."""

import re
from collections.abc import Mapping
from typing import Any

from stackproof.embedded.iam.operations import partiql
from stackproof.embedded.iam.operations.entry import UNKNOWN, Entry, Service, Unknown, View, parameter

_ITEM = ("dynamodb:LeadingKeys", "dynamodb:ReturnConsumedCapacity")
_WRITE = ("dynamodb:LeadingKeys", "dynamodb:ReturnConsumedCapacity", "dynamodb:ReturnValues")
_PART = ("dynamodb:LeadingKeys", "dynamodb:EnclosingOperation")
_STATEMENT = ("dynamodb:LeadingKeys", "dynamodb:EnclosingOperation")


def _entry(operation: str, action: str, resource: str = "table", keys: tuple[str, ...] = (), when: str = "") -> Entry:
    return Entry(operation=operation, action=f"dynamodb:{action}", resource=resource, keys=keys, when=when)


_ENTRIES = (
    _entry("GetItem", "GetItem", keys=_ITEM),
    _entry("PutItem", "PutItem", keys=_WRITE),
    _entry("UpdateItem", "UpdateItem", keys=_WRITE),
    _entry("DeleteItem", "DeleteItem", keys=_WRITE),
    _entry("Query", "Query", keys=_ITEM, when="!IndexName"),
    _entry("Query", "Query", "index", keys=_ITEM, when="IndexName"),
    _entry("Scan", "Scan", keys=("dynamodb:ReturnConsumedCapacity",), when="!IndexName"),
    _entry("Scan", "Scan", "index", keys=("dynamodb:ReturnConsumedCapacity",), when="IndexName"),
    _entry("BatchGetItem.Table", "BatchGetItem", keys=_ITEM),
    _entry("BatchWriteItem.Table", "BatchWriteItem", keys=_ITEM),
    _entry("TransactGetItems.Get", "GetItem", keys=_PART),
    _entry("TransactWriteItems.Put", "PutItem", keys=_PART),
    _entry("TransactWriteItems.Update", "UpdateItem", keys=_PART),
    _entry("TransactWriteItems.Delete", "DeleteItem", keys=_PART),
    _entry("TransactWriteItems.ConditionCheck", "ConditionCheckItem", keys=("dynamodb:LeadingKeys",)),
    _entry("Statement.Insert", "PartiQLInsert", keys=_STATEMENT),
    _entry("Statement.Update", "PartiQLUpdate", keys=_STATEMENT),
    _entry("Statement.Delete", "PartiQLDelete", keys=_STATEMENT),
    _entry("Statement.Select", "PartiQLSelect", keys=_STATEMENT, when="!IndexName"),
    _entry("Statement.Select", "PartiQLSelect", "index", keys=_STATEMENT, when="IndexName"),
    _entry("DescribeTable", "DescribeTable"),
    _entry("UpdateTable", "UpdateTable"),
    _entry("DeleteTable", "DeleteTable"),
    _entry("DescribeTimeToLive", "DescribeTimeToLive"),
    _entry("UpdateTimeToLive", "UpdateTimeToLive"),
    _entry("DescribeContinuousBackups", "DescribeContinuousBackups"),
    _entry("UpdateContinuousBackups", "UpdateContinuousBackups"),
    _entry("ListTables", "ListTables", ""),
)

Part = tuple[str, Mapping[str, Any]]


def _transaction(operation: str) -> Any:
    def parts(parameters: Mapping[str, Any]) -> list[Part]:
        return [
            (f"{operation}.{kind}", {**item, "EnclosingOperation": operation})
            for wrapped in parameters["TransactItems"]
            for kind, item in wrapped.items()
        ]

    return parts


def _batch_get(parameters: Mapping[str, Any]) -> list[Part]:
    return [
        ("BatchGetItem.Table", {**_capacity(parameters), "TableName": table, "Keys": wanted["Keys"]})
        for table, wanted in parameters["RequestItems"].items()
    ]


def _batch_write(parameters: Mapping[str, Any]) -> list[Part]:
    return [
        ("BatchWriteItem.Table", {**_capacity(parameters), "TableName": table, "Keys": [_written(w) for w in writes]})
        for table, writes in parameters["RequestItems"].items()
    ]


def _written(request: Mapping[str, Any]) -> Any:
    return request["PutRequest"]["Item"] if "PutRequest" in request else request["DeleteRequest"]["Key"]


def _capacity(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in parameters.items() if k == "ReturnConsumedCapacity"}


def _statements(enclosing: str, listed: str) -> Any:
    def parts(parameters: Mapping[str, Any]) -> list[Part]:
        return [_statement(one, enclosing) for one in (parameters[listed] if listed else [parameters])]

    return parts


def _statement(one: Mapping[str, Any], enclosing: str) -> Part:
    parsed = partiql.parse(one["Statement"])
    part = {"TableName": parsed.table, "IndexName": parsed.index, "Parsed": parsed, "Bound": one.get("Parameters", [])}
    return f"Statement.{parsed.kind}", {**part, "EnclosingOperation": enclosing or None}


def _table(view: View) -> str:
    name = view.required("TableName")
    return name if name.startswith("arn:") else view.arn("dynamodb", f"table/{name}")


def _index(view: View) -> str:
    return f"{_table(view)}/index/{view.required('IndexName')}"


def _leading_keys(view: View) -> list[str] | Unknown:
    """The partition key's value in every item of the call."""
    given = view.parameters
    key = view.deployed.hash_key(view.required("TableName").split("/")[-1], given.get("IndexName"))
    if key is None:
        return UNKNOWN
    if "Parsed" in given:
        value = partiql.key_value(given["Parsed"], key, given["Bound"])
        return UNKNOWN if value is None else [value]
    if "KeyConditionExpression" in given:
        return _queried(given, key)
    items = given.get("Keys") or [given.get("Key") or given.get("Item") or {}]
    if not all(isinstance(item.get(key), Mapping) for item in items):
        return UNKNOWN
    return [str(next(iter(item[key].values()))) for item in items]


def _queried(given: Mapping[str, Any], key: str) -> list[str] | Unknown:
    names = {alias for alias, name in given.get("ExpressionAttributeNames", {}).items() if name == key} | {key}
    for name, value in re.findall(r"(#?\w+)\s*=\s*(:\w+)", given["KeyConditionExpression"]):
        if name in names and value in given.get("ExpressionAttributeValues", {}):
            return [str(next(iter(given["ExpressionAttributeValues"][value].values())))]
    return UNKNOWN


DYNAMODB = Service(
    name="dynamodb",
    entries=_ENTRIES,
    resources={"table": _table, "index": _index},
    keys={
        "dynamodb:LeadingKeys": _leading_keys,
        "dynamodb:EnclosingOperation": parameter("EnclosingOperation"),
        "dynamodb:ReturnValues": parameter("ReturnValues"),
        "dynamodb:ReturnConsumedCapacity": parameter("ReturnConsumedCapacity"),
    },
    parts={
        "TransactGetItems": _transaction("TransactGetItems"),
        "TransactWriteItems": _transaction("TransactWriteItems"),
        "BatchGetItem": _batch_get,
        "BatchWriteItem": _batch_write,
        "ExecuteStatement": _statements("", ""),
        "ExecuteTransaction": _statements("ExecuteTransaction", "TransactStatements"),
    },
    unmodelled=frozenset(
        {
            "dynamodb:Attributes",
            "dynamodb:Select",
            "dynamodb:FullTableScan",
            "dynamodb:ReturnValues",
            "dynamodb:ReturnConsumedCapacity",
            "dynamodb:EnclosingOperation",
            "dynamodb:LeadingKeys",
        }
    ),
)
