"""Scenarios as data: what is done to the stack, and what must be true afterwards.

They stand in `scenarios.yaml` beside the template, one list for the flow command, the end-to-end tests and what later
builds on them. Resources are named by logical id; a role stands for every caller that runs under it.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from stackproof.errors import StackproofError

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


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class File(_Model):
    """A file to upload: generated (with a known share of bad lines), or its text (with `\\n` line ends), or a broken
    form of it."""

    transactions: int = 20
    bad_share: float = 0.0
    seed: int = 1
    text: str | None = None
    gzip: bool = False
    without_trailer: bool = False
    wrong_sum: bool = False


class Upload(_Model):
    """The producer puts a file into the inbox."""

    do: Literal["upload"]
    key: str
    file: File = File()
    identity: str = Field(default="producer", alias="as")


class Run(_Model):
    """Time passes until every batch is settled; more than `limit` is a failure."""

    do: Literal["run"]
    limit: Seconds = 2 * 3600


class Advance(_Model):
    """Time passes; with `leap`, at once: what recurs runs only once, at the end."""

    do: Literal["advance"]
    by: Seconds
    leap: bool = False


class InjectFault(_Model):
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


class ClearFaults(_Model):
    """No fault meets a call any more."""

    do: Literal["clear_faults"]


class PlanJob(_Model):
    """What the next AWS Batch job meets."""

    do: Literal["job"]
    run_seconds: Seconds | None = None
    host_lost_on_attempt: list[int] = []
    kill_at_call: int | None = None
    stuck_runnable: str | None = None
    vanish: bool = False


class Events(_Model):
    """What happens to events: of EventBridge (`bus`) or those waiting for a function."""

    do: Literal["events"]
    of: str
    action: Literal["drop", "duplicate", "hold", "release"]
    count: int = 1
    order: Literal["received", "reversed", "shuffled"] = "received"


class Rule(_Model):
    """An operator switches an EventBridge rule on or off."""

    do: Literal["rule"]
    rule: str
    enabled: bool


class Concurrency(_Model):
    """An operator sets a function's reserved concurrency; 0 stops it, null lifts it."""

    do: Literal["concurrency"]
    function: str
    reserved: int | None


class Invoke(_Model):
    """Somebody invokes a function asynchronously."""

    do: Literal["invoke"]
    function: str
    payload: dict[str, Any] = {}


class Redeliver(_Model):
    """S3 delivers the upload event of a key once more."""

    do: Literal["redeliver"]
    key: str


class Terminate(_Model):
    """An operator terminates the batch's job."""

    do: Literal["terminate"]
    key: str
    reason: str = "Terminated by the operator."


class Redrive(_Model):
    """An operator takes the dead letters of a queue and gives them to the function again, as the runbook says."""

    do: Literal["redrive"]
    queue: str
    function: str


class Overwrite(_Model):
    """Somebody with full rights rewrites an audit event in place; the chain must show it."""

    do: Literal["overwrite_event"]
    key: str
    sequence: int
    attribute: str
    value: str


class Attempt(_Model):
    """Roles try a call that IAM must refuse (`denied`) or allow; `${LogicalId}` and `${LogicalId.Arn}` are filled."""

    do: Literal["try"]
    roles: list[str]
    service: str
    operation: str
    parameters: dict[str, Any]
    denied: bool = True


class Delete(_Model):
    """Somebody with full rights tries to delete every archived object of the batch; the lock must refuse it."""

    do: Literal["delete_archive"]
    key: str


class OperatorCall(_Model):
    """Somebody with full rights makes a call; `${LogicalId}` and `${LogicalId.Arn}` are filled in."""

    do: Literal["call"]
    service: str
    operation: str
    parameters: dict[str, Any] = {}


class DeleteStack(_Model):
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
    | Concurrency
    | Invoke
    | Redeliver
    | Terminate
    | Redrive
    | Overwrite
    | Attempt
    | Delete,
    Field(discriminator="do"),
]


class BatchExpectation(_Model):
    """What must be true of the batch that a key's upload made (`version` counts a key's uploads from 1)."""

    key: str
    version: int = 1
    status: str
    statuses: list[str] | None = None
    reason: str | None = None
    file_reason: str | None = None
    jobs: int | None = 1
    attempts: int | None = None
    duplicate_of: str | None = None
    counts_from_file: bool = True


class Expectation(_Model):
    """What must be true at the end. Alarms that are not named must not have gone to ALARM; queues that are not named
    must be empty."""

    batches: list[BatchExpectation] = []
    alarms: dict[str, list[str]] = {}
    tolerated: list[str] = []
    dead_letters: dict[str, int] = {}
    metrics: dict[str, float] = {}
    told: list[str] = []
    """Texts, each of which stands in some mail that people got."""
    audit: Literal["intact", "broken"] = "intact"
    expired: bool = False
    settled: bool = True
    deleted: bool = False


class Scenario(_Model):
    """One story: `about` says in a sentence what it proves."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    area: Literal["submit", "monitor", "audit", "alarms", "permissions"]
    about: str
    parameters: dict[str, str] = {}
    steps: list[Step]
    expect: Expectation = Expectation()


class Parts(_Model):
    """Which resource of the template plays which part in the flow, by logical id."""

    inbox: str
    results: str
    archive: str
    jobs: str
    audit: str
    queue: str
    submit: str
    monitor: str
    producer: str
    prefix: str


class Scenarios(_Model):
    """All scenarios of one template."""

    parts: Parts
    scenarios: list[Scenario]
    permissions: dict[str, dict[str, str]] = {}
    """Role -> Allow statement (policy/Sid) -> a scenario that fails without the statement."""

    def named(self, name: str) -> Scenario:
        """The scenario of that name.

        Raises: StackproofError that lists the names there are.
        """
        for scenario in self.scenarios:
            if scenario.name == name:
                return scenario
        names = "\n  ".join(f"{s.name:32} {s.about}" for s in self.scenarios)
        raise StackproofError(f"There is no scenario {name!r}. There are:\n  {names}")


def load(path: Path) -> Scenarios:
    """Read a list of scenarios.

    Raises: StackproofError that names the scenario and the key that is wrong.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StackproofError(f"{path}: {error.strerror}. The scenarios of a template stand beside it.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StackproofError(f"{path}: not readable as YAML: {error}") from None
    return parse(data, source=str(path))


def parse(data: Mapping[str, Any], *, source: str) -> Scenarios:
    """Scenarios from plain data; `source` stands in the errors."""
    try:
        scenarios = Scenarios.model_validate(data)
    except ValidationError as error:
        problems = "\n  ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise StackproofError(f"{source}:\n  {problems}") from None
    names = [s.name for s in scenarios.scenarios]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise StackproofError(f"{source}: more than one scenario is named {', '.join(twice)}.")
    return scenarios
