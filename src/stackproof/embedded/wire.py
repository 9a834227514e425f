"""Answers of our own in each service's wire format: results by moto's serializers, errors in the protocol's shape."""

import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import OperationModel
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from stackproof.embedded.errors import AwsError, EmbeddedError

Wire = tuple[int, dict[str, str], bytes]


def serialize(model: OperationModel, result: Mapping[str, Any] | AwsError) -> Wire:
    """`result` (an operation's output as a dict, or an error) as (HTTP status, headers, body)."""
    protocol = model.service_model.resolved_protocol
    if isinstance(result, AwsError):
        return _error(protocol, result)
    service = model.service_model.service_name
    try:
        serializer_class = get_serializer_class(service, protocol)
    except KeyError:
        raise EmbeddedError(f"No answer of our own can be written in the protocol {protocol!r}.") from None
    serializer = serializer_class(get_service_model(service).operation_model(model.name))
    answer = serializer.serialize(dict(result))
    body = answer["body"]
    data = body.encode() if isinstance(body, str) else bytes(body)
    status = _given_status(model, result) or int(answer["status_code"])
    return status, dict(answer["headers"]), data


def _given_status(model: OperationModel, result: Mapping[str, Any]) -> int | None:
    """The HTTP status where the operation's output carries it as a member (lambda:Invoke)."""
    members = model.output_shape.members.items() if model.output_shape else ()
    given = (result.get(name) for name, shape in members if shape.serialization.get("location") == "statusCode")
    return next((int(status) for status in given if status is not None), None)


def _error(protocol: str, error: AwsError) -> Wire:
    xml = f"<Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
    match protocol:
        case "json" | "rest-json":
            body = json.dumps({"__type": error.code, "message": error.message, **error.fields})
            headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error.code}
            return error.status, headers, body.encode()
        case "rest-xml":
            body = xml
        case "query":
            body = f"<ErrorResponse>{xml}<RequestId>embedded</RequestId></ErrorResponse>"
        case "ec2":
            body = f"<Response><Errors>{xml}</Errors><RequestID>embedded</RequestID></Response>"
        case _:
            raise EmbeddedError(f"No error can be written in the protocol {protocol!r}.")
    return error.status, {"Content-Type": "text/xml"}, body.encode()
