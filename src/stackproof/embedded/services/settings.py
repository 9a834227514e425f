"""How a function is configured: what moto keeps, and what it does not (dead letters, logging, changed tracing)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import get_backend

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.ports import Access
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.world import World

_KEPT = ("DeadLetterConfig", "LoggingConfig", "TracingConfig")
_UNKNOWN = {"lambda:UpdateFunctionEventInvokeConfig", "lambda:CreateEventSourceMapping"}
_SEND = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One function as it is deployed. `timeout` in seconds, `memory` in MB, `reserved` the reserved concurrency."""

    name: str
    arn: str
    role: str
    handler: str
    runtime: str
    timeout: int
    memory: int
    environment: Mapping[str, str]
    code: bytes
    code_hash: str
    reserved: int | None
    log_group: str
    log_level: str | None
    """The application log level; None in the text format, which filters nothing."""
    traced: bool
    dead_letters: str | None
    """ARN of the queue or topic."""
    event_config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """A running container serves on only while this stays the same."""
        parts = (self.arn, self.code_hash, self.handler, self.role, self.memory, self.timeout, self.log_group)
        return repr((*parts, sorted(self.environment.items())))


class Deployed:
    """Reads functions from moto, and keeps beside it what moto forgets, so that describe calls return it."""

    def __init__(self, world: World, access: Access) -> None:
        self._world, self._access = world, access
        world.seam.intercept(self._check)
        world.seam.observe(self._keep)
        describe = LambdaFunction.get_configuration

        def described(function: LambdaFunction, on_create: bool = False) -> dict[str, Any]:
            return {**describe(function, on_create), **self._described(function.function_name)}

        world.stack.enter_context(mock.patch.object(LambdaFunction, "get_configuration", described))

    def settings(self, function: str) -> Settings:
        """The function of a name or ARN (its `$LATEST`).

        Raises: AwsError ResourceNotFoundException.
        """
        name = name_of(function)
        found = self._backend()._lambdas._functions.get(name)
        model = found.get("latest") if found else None
        if model is None:
            arn = self._world.account.arn("lambda", f"function:{name}")
            raise AwsError(
                "ResourceNotFoundException", f"Function not found: {arn}", status=404, fields={"Type": "User"}
            )
        return self._settings(model)

    def names(self) -> list[str]:
        """All functions."""
        return sorted(self._backend()._lambdas._functions)

    def _backend(self) -> Any:
        return get_backend(self._world.account.id, self._world.account.region)

    def _settings(self, model: LambdaFunction) -> Settings:
        if not str(model.run_time).startswith("python3"):
            raise EmbeddedError(
                f"The function {model.function_name} has the runtime {model.run_time}; only Python runs here."
            )
        kept = self._described(model.function_name)
        logging = kept["LoggingConfig"]
        configs = model.event_invoke_config
        return Settings(
            name=model.function_name,
            arn=self._world.account.arn("lambda", f"function:{model.function_name}"),
            role=model.role,
            handler=str(model.handler),
            runtime=str(model.run_time),
            timeout=int(model.timeout),
            memory=int(model.memory_size),
            environment=dict(model.environment_vars or {}),
            code=model.code_bytes,
            code_hash=str(model.code_sha_256),
            reserved=None if model.reserved_concurrency is None else int(model.reserved_concurrency),
            log_group=logging["LogGroup"],
            log_level=logging.get("ApplicationLogLevel", "INFO") if logging["LogFormat"] == "JSON" else None,
            traced=(kept.get("TracingConfig") or model.tracing_config).get("Mode") == "Active",
            dead_letters=kept.get("DeadLetterConfig", {}).get("TargetArn") or None,
            event_config=dict(configs[-1].config) if configs else {},
        )

    def _state(self) -> dict[str, dict[str, Any]]:
        return self._world.state("functions.settings", dict[str, dict[str, Any]])

    def _described(self, name: str) -> dict[str, Any]:
        kept = dict(self._state().get(name, {}))
        logging = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}", **kept.get("LoggingConfig", {})}
        return {**kept, "LoggingConfig": logging}

    def _check(self, call: Call) -> None:
        """What a function sends to must be open to its role already when it is set."""
        if call.name in _UNKNOWN:
            raise EmbeddedError(f"{call.name} is not emulated.")
        match call.name:
            case "lambda:CreateFunction" | "lambda:UpdateFunctionConfiguration":
                targets = [call.parameters.get("DeadLetterConfig", {}).get("TargetArn")]
            case "lambda:PutFunctionEventInvokeConfig":
                config = call.parameters.get("DestinationConfig", {})
                targets = [config.get(kind, {}).get("Destination") for kind in ("OnSuccess", "OnFailure")]
            case _:
                return
        for target in filter(None, targets):
            role = call.parameters.get("Role") or self.settings(call.parameters["FunctionName"]).role
            self._require_open(role, target)

    def _require_open(self, role: str, target: str) -> None:
        action = _SEND.get(target.split(":")[2])
        if action is None:
            raise EmbeddedError(f"A function that sends its events to {target} is not emulated.")
        try:
            self._access.require_role(role, action, target)
        except AwsError:
            owner, _, verb = action.partition(":")
            text = f"The provided execution role does not have permissions to call {verb} on {owner.upper()}"
            raise AwsError("InvalidParameterValueException", text) from None

    def _keep(self, call: Call, answer: Answer) -> None:
        if call.service != "lambda" or answer.error is not None or "FunctionName" not in call.parameters:
            return
        name = name_of(call.parameters["FunctionName"])
        given = {key: call.parameters[key] for key in _KEPT if key in call.parameters}
        match call.operation:
            case "CreateFunction":
                self._state()[name] = given
            case "UpdateFunctionConfiguration":
                self._state().setdefault(name, {}).update(given)
            case "DeleteFunction":
                self._state().pop(name, None)
            case "PutFunctionEventInvokeConfig":
                model = self._backend()._lambdas._functions[name]["latest"]
                model.event_invoke_config = model.event_invoke_config[-1:]  # moto keeps the first one for ever


def name_of(function: str) -> str:
    """The name in a name or (qualified) ARN.

    Raises: EmbeddedError for a qualifier other than $LATEST.
    """
    parts = function.split(":")
    name, qualifier = (parts[6], parts[7:]) if function.startswith("arn:") else (parts[0], parts[1:])
    if qualifier not in ([], ["$LATEST"]):
        raise EmbeddedError(f"{function!r} names a version or an alias; only $LATEST is emulated.")
    return name
