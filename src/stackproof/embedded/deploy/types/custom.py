"""Custom resources: a function is called, and answers over HTTP."""

from typing import Any

from stackproof.embedded.deploy.answers import AnswerServer
from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type
from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.ports import Invocation

_TIMEOUT = 3600  # s, the default of ServiceTimeout (CloudFormation, CustomResource)
_LIMIT = 4096  # bytes of an answer (aws-facts 5)


@resource_type("AWS::CloudFormation::CustomResource")
class Custom(ResourceType):
    """Any `Custom::*` resource; its properties are the function's own. `Ref` is the physical id that it answers."""

    def check(self, logical_id: str, p: Properties) -> None:
        """Every property goes to the function."""

    def create(self, ctx: Context, p: Properties) -> Created:
        return self._send(ctx, "Create", p)

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        """Nothing of AWS holds these properties: the function has got them, and has answered."""
        return p

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        if "ServiceToken" in changed:
            raise ctx.failed("ServiceToken: changing it is not supported; use a new logical id.")
        old = {"PhysicalResourceId": resource.physical_id, "OldResourceProperties": _texts(resource.properties)}
        return self._send(ctx, "Update", p, **old)

    def delete(self, ctx: Context, resource: Resource) -> None:
        self._send(ctx, "Delete", resource.properties, PhysicalResourceId=resource.physical_id)

    def _send(self, ctx: Context, kind: str, p: Properties, **more: Any) -> Created:
        if "ServiceToken" not in p:
            raise ctx.failed("ServiceToken is missing.")
        timeout = p.get("ServiceTimeout", _TIMEOUT)
        if not str(timeout).isdigit() or not 1 <= int(timeout) <= _TIMEOUT:
            raise ctx.failed(f"ServiceTimeout: {timeout!r} is not 1 to {_TIMEOUT} seconds.")
        request = str(ctx.world.ids.uuid4())
        with AnswerServer(limit=_LIMIT) as server:
            event = {
                "RequestType": kind,
                "ServiceToken": p["ServiceToken"],
                "ResponseURL": server.url(request),
                "StackId": ctx.stack_id,
                "RequestId": request,
                "LogicalResourceId": ctx.logical_id,
                "ResourceType": ctx.type_name,
                "ResourceProperties": _texts(p),
                **more,
            }
            invocation = self._invoke(ctx, str(p["ServiceToken"]), event)
        answer = server.answer(request)
        if answer is None:
            said = f" (the function failed: {dict(invocation.error)})" if invocation.error else ""
            if kind == "Create":
                ctx.announce(Created(physical_id=_made_up(ctx, request)))
            raise ctx.failed(
                f"{kind}: no answer came within ServiceTimeout ({timeout} s){said}. {server.refused}".rstrip()
            )
        return self._created(ctx, kind, answer, request, more.get("PhysicalResourceId"))

    def _invoke(self, ctx: Context, token: str, event: dict[str, Any]) -> Invocation:
        if ":lambda:" not in token:
            raise EmbeddedError(f"{ctx.logical_id}.ServiceToken: only functions are emulated, not {token!r}.")
        try:
            return ctx.functions.invoke(token, event)
        except AwsError as error:
            raise ctx.failed(f"ServiceToken: {error}") from error

    def _created(self, ctx: Context, kind: str, answer: dict[str, Any], request: str, old: str | None) -> Created:
        expected = {"StackId": ctx.stack_id, "RequestId": request, "LogicalResourceId": ctx.logical_id}
        if wrong := [key for key, value in expected.items() if answer.get(key) != value]:
            raise ctx.failed(f"{kind}: the answer's {wrong[0]} is {answer.get(wrong[0])!r}, not that of the request.")
        physical = answer.get("PhysicalResourceId") or old
        if answer.get("Status") == "FAILED":
            if kind == "Create":
                ctx.announce(Created(physical_id=physical or _made_up(ctx, request)))
            raise ctx.failed(f"{kind}: the function answered FAILED: {answer.get('Reason') or 'no Reason given'}")
        if answer.get("Status") != "SUCCESS":
            raise ctx.failed(f"{kind}: the answer's Status is {answer.get('Status')!r}, not SUCCESS or FAILED.")
        if not physical or not isinstance(physical, str) or len(physical) > 1024:
            raise ctx.failed(f"{kind}: Invalid PhysicalResourceId {physical!r}.")
        data = answer.get("Data") or {}
        return Created(physical_id=physical, attributes=dict(data))


def _made_up(ctx: Context, request: str) -> str:
    """What CloudFormation names a resource whose creation failed without an id of its own."""
    return f"{ctx.stack_name}-{ctx.logical_id}-{request[:8]}"


def _texts(value: Any) -> Any:
    """CloudFormation hands scalars on as texts."""
    match value:
        case dict():
            return {key: _texts(item) for key, item in value.items()}
        case list():
            return [_texts(item) for item in value]
        case bool():
            return str(value).lower()
        case _:
            return str(value)
