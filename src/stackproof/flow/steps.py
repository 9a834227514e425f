"""The steps of a scenario as data, one class a verb: what is uploaded, injected, delayed, operated and tried."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(value: object) -> float:
    """`90s`, `10m`, `4h`, `2d` or a number, in seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", str(value))
    if found is None:
        raise ValueError(f"{value!r} is no duration; write 90s, 10m, 4h or 2d")
    return float(found.group(1)) * _UNITS[found.group(2)]


Seconds = Annotated[float, BeforeValidator(seconds)]


class Model(BaseModel):
    """Data that is read strictly: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class File(Model):
    """A file to upload: generated (with a known share of bad lines), or its text (with `\\n` line ends), or a broken
    form of it."""

    transactions: int = 20
    bad_share: float = 0.0
    seed: int = 1
    text: str | None = None
    gzip: bool = False
    without_trailer: bool = False
    wrong_sum: bool = False


class Upload(Model):
    """The producer puts a file into the inbox."""

    do: Literal["upload"]
    key: str
    file: File = File()
    identity: str = Field(default="producer", alias="as")


class Run(Model):
    """Time passes until every batch is settled; more than `limit` is a failure."""

    do: Literal["run"]
    limit: Seconds = 2 * 3600


class Advance(Model):
    """Time passes; with `leap`, at once: what recurs runs only once, at the end."""

    do: Literal["advance"]
    by: Seconds
    leap: bool = False


class InjectFault(Model):
    """Calls of a role fail, are denied, throttled or delayed, or their caller dies (see `embedded.faults`)."""

    do: Literal["fault"]
    kind: str
    service: str = "*"
    operation: str = "*"
    role: str = "*"
    where: dict[str, str] = {}
    skip: int = 0
    times: int | None = 1
    seconds: Seconds = 0


class ClearFaults(Model):
    """No fault meets a call any more."""

    do: Literal["clear_faults"]


class PlanJob(Model):
    """What the next AWS Batch job meets."""

    do: Literal["job"]
    run_seconds: Seconds | None = None
    host_lost_on_attempt: list[int] = []
    kill_at_call: int | None = None
    stuck_runnable: str | None = None
    vanish: bool = False


class Events(Model):
    """What happens to events: of EventBridge (`bus`) or those waiting for a function."""

    do: Literal["events"]
    of: str
    action: Literal["drop", "duplicate", "hold", "release"]
    count: int = 1
    order: Literal["received", "reversed", "shuffled"] = "received"


class Rule(Model):
    """An operator switches an EventBridge rule on or off."""

    do: Literal["rule"]
    rule: str
    enabled: bool


class Invoke(Model):
    """Somebody invokes a function asynchronously."""

    do: Literal["invoke"]
    function: str
    payload: dict[str, Any] = {}


class Redeliver(Model):
    """S3 delivers the upload event of a key once more."""

    do: Literal["redeliver"]
    key: str


class Terminate(Model):
    """An operator terminates the batch's job."""

    do: Literal["terminate"]
    key: str
    reason: str = "Terminated by the operator."


class Redrive(Model):
    """An operator takes the dead letters of a queue and gives them to the function again, as the runbook says."""

    do: Literal["redrive"]
    queue: str
    function: str


class Overwrite(Model):
    """Somebody with full rights rewrites an audit event in place; the chain must show it."""

    do: Literal["overwrite_event"]
    key: str
    sequence: int
    attribute: str
    value: str


class Attempt(Model):
    """Roles try a call that IAM must refuse (`denied`) or allow; `${LogicalId}` and `${LogicalId.Arn}` are filled."""

    do: Literal["try"]
    roles: list[str]
    service: str
    operation: str
    parameters: dict[str, Any]
    denied: bool = True


class Delete(Model):
    """Somebody with full rights tries to delete every archived object of the batch; the lock must refuse it."""

    do: Literal["delete_archive"]
    key: str


class OperatorCall(Model):
    """Somebody with full rights makes a call; `${LogicalId}` and `${LogicalId.Arn}` are filled in."""

    do: Literal["call"]
    service: str
    operation: str
    parameters: dict[str, Any] = {}


class DeleteStack(Model):
    """The operator deletes the stack; what its policies retain stays."""

    do: Literal["delete_stack"]


Step = Annotated[
    Upload
    | DeleteStack
    | OperatorCall
    | Run
    | Advance
    | InjectFault
    | ClearFaults
    | PlanJob
    | Events
    | Rule
    | Invoke
    | Redeliver
    | Terminate
    | Redrive
    | Overwrite
    | Attempt
    | Delete,
    Field(discriminator="do"),
]
