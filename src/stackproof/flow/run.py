"""The flow: deploy, upload, run to the end, and gather what happened."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path

from stackproof import deployment
from stackproof.embedded.clock import real_seconds
from stackproof.embedded.session import Embedded, Snapshot, Stack
from stackproof.errors import StackproofError
from stackproof.flow import scenario as scenarios
from stackproof.flow.files import Made, make
from stackproof.flow.judge import judge
from stackproof.flow.observe import Batch, Observer, Summary, own_metrics
from stackproof.flow.play import Player
from stackproof.flow.steps import File

Progress = Callable[[str], None]

SETTLING = 15 * 60
"""Seconds after a deployment until the alarms have seen enough: a heartbeat alarm starts in ALARM."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is deployed: the template, its environment, its scenarios, and the folder of the job's image."""

    template: Path
    environment: deployment.Deployment | None
    scenarios: scenarios.Scenarios
    image: Path


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What happened. Times in seconds: `took` is real time by stage, everything else the session's own time."""

    scenario: str
    about: str
    environment: str | None
    problems: list[str]
    batches: list[Batch]
    alarms: dict[str, list[str]]
    notifications: int
    metrics: dict[str, Summary]
    calls: int
    resources: int
    took: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the flow ended as it should."""
        return not self.problems


def setting(template: Path, environment: str | None, image: Path | None = None) -> Setting:
    """Gather what stands beside a template.

    Raises: StackproofError when something is missing.
    """
    if not template.is_file():
        raise StackproofError(f"{template}: no such file. Name a CloudFormation template.")
    known = scenarios.load(template.parent / "scenarios.yaml")
    folder = image or template.resolve().parent.parent / "processor"
    if not folder.is_dir():
        raise StackproofError(f"{folder}: no such folder. It holds the code of the job's image; name it with --image.")
    return Setting(
        template=template,
        environment=deployment.choose(template, environment),
        scenarios=known,
        image=folder,
    )


@contextmanager
def deployed(
    setting: Setting,
    *,
    parameters: Mapping[str, str] | None = None,
    on_resource: Callable[[str, str, str], None] | None = None,
) -> Iterator[tuple[Embedded, Stack]]:
    """A session with the stack deployed in it, the producer known, and its e-mail subscriptions confirmed."""
    environment = setting.environment
    values = {**(environment.parameters if environment else {}), **(parameters or {})}
    parts = setting.scenarios.parts
    if parts.producer not in values:
        where = environment.path if environment else "the environment"
        raise StackproofError(f"{where} gives no value for {parts.producer}, the role that uploads.")
    with Embedded() as session:
        _make_producer(session, values[parts.producer])
        stack = session.deploy(
            setting.template,
            parameters=values,
            tags=environment.tags if environment else {},
            image=setting.image,
            on_progress=on_resource,
        )
        _check_parts(stack, parts)
        _let_producer_upload(session, stack, parts, values[parts.producer])
        for subscription in session.topics.pending():  # the person behind each address clicks on the link
            session.topics.confirm(subscription)
        session.advance(SETTLING)
        yield session, stack


def _check_parts(stack: Stack, parts: scenarios.Parts) -> None:
    for part in ("inbox", "results", "archive", "jobs", "audit", "queue", "submit", "monitor"):
        if (logical_id := getattr(parts, part)) not in stack.resources:
            raise StackproofError(f"The scenarios call {logical_id} the {part}; the template makes no such resource.")


def _make_producer(session: Embedded, arn: str) -> None:
    """The producer's role exists before the stack does: policies of the stack name it."""
    trust = {"Effect": "Allow", "Principal": {"AWS": session.world.account.id}, "Action": "sts:AssumeRole"}
    session.client("iam").create_role(
        RoleName=arn.rpartition("/")[2],
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )


def _let_producer_upload(session: Embedded, stack: Stack, parts: scenarios.Parts, arn: str) -> None:
    """The producer's own side allows the upload; whether it succeeds is up to the stack's policies."""
    inbox = stack.resources[parts.inbox].arn
    allow = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{inbox}/{parts.prefix}*"}
    session.client("iam").put_role_policy(
        RoleName=arn.rpartition("/")[2],
        PolicyName="Upload",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A deployed stack, as it was just after the deployment whenever a scenario begins."""

    session: Embedded
    stack: Stack
    setting: Setting
    begun: datetime
    fresh: Snapshot

    def reset(self) -> None:
        """Return to the fresh stack."""
        self.session.restore(self.fresh)

    def play(self, scenario: scenarios.Scenario) -> list[str]:
        """Play one scenario from the fresh stack; returns what is not as it must be."""
        self.reset()
        player = Player(self.session, self.stack, self.setting.scenarios.parts)
        for step in scenario.steps:
            player.play(step)
        return judge(self.session, self.stack, self.setting.scenarios.parts, scenario, player.finish())


@contextmanager
def staged(
    setting: Setting, *, parameters: Mapping[str, str] | None = None, progress: Progress = lambda _: None
) -> Iterator[Stage]:
    """Deploy once, to play many scenarios."""
    with deployed(setting, parameters=parameters, on_resource=_deploying(progress)) as (session, stack):
        yield Stage(session=session, stack=stack, setting=setting, begun=session.now(), fresh=session.save())


def run_scenarios(
    setting: Setting, wanted: list[scenarios.Scenario], *, progress: Progress = lambda _: None
) -> list[Outcome]:
    """Play scenarios, each on the freshly deployed stack; those that share their parameters share a deployment."""
    outcomes = []
    by_parameters = sorted(wanted, key=lambda s: sorted(s.parameters.items()))
    for parameters, group in groupby(by_parameters, key=lambda s: s.parameters):
        progress(f"deploying {setting.template.name}")
        began = real_seconds()
        with staged(setting, parameters=parameters, progress=progress) as stage:
            took = {"deploy": real_seconds() - began}
            for scenario in group:
                progress(f"playing {scenario.name}")
                began = real_seconds()
                problems = stage.play(scenario)
                took["flow"] = real_seconds() - began
                outcomes.append(
                    _outcome(stage.session, stage.stack, setting, scenario, problems, dict(took), stage.begun)
                )
                took.pop("deploy", None)
    return sorted(outcomes, key=lambda o: [s.name for s in wanted].index(o.scenario))


def run_files(
    setting: Setting, files: list[Path], *, transactions: int = 0, seed: int = 1, progress: Progress = lambda _: None
) -> Outcome:
    """Deploy, upload the files (or a generated one of `transactions` lines), and run until all are settled."""
    took = {}
    parts = setting.scenarios.parts
    scenario = scenarios.Scenario(
        name="upload", area="submit", about="Files are uploaded and processed to the end.", steps=[]
    )
    with tempfile.TemporaryDirectory(prefix="stackproof-") as folder:
        made = [Made(path=path, truth=None) for path in files]
        if transactions:
            progress(f"generating {transactions:,} transactions")
            began = real_seconds()
            wanted = File(transactions=transactions, bad_share=0.01, seed=seed)
            made.append(make(wanted, Path(folder) / f"transactions-{transactions}.csv"))
            took["generate"] = real_seconds() - began
        began = real_seconds()
        with deployed(setting, on_resource=_deploying(progress)) as (session, stack):
            took["deploy"] = real_seconds() - began
            began = real_seconds()
            player = Player(session, stack, parts, progress=progress)
            for file in made:
                progress(f"uploading {file.path.name}")
                player.send(f"{parts.prefix}{file.path.name}", file)
            player.settle(limit=8 * 3600)
            scenario = _expecting(scenario, player, made)
            problems = judge(session, stack, parts, scenario, player.finish())
            took["flow"] = real_seconds() - began
            took["processor"] = sum(s for job in session.batch.jobs() for s in session.batch.real_seconds(job.id))
            return _outcome(session, stack, setting, scenario, problems, took, player.story.begun)


def _expecting(scenario: scenarios.Scenario, player: Player, made: list[Made]) -> scenarios.Scenario:
    """A generated file must be processed with exactly its known counts; of others only the invariants are known."""
    known = [sent for sent in player.story.uploads if sent.truth is not None]
    tolerated = ["*"] if len(known) != len(made) else []
    batches = [scenarios.BatchExpectation(key=sent.key, status="SUCCEEDED") for sent in known]
    expect = scenarios.Expectation(batches=batches, tolerated=tolerated)
    return scenario.model_copy(update={"expect": expect})


def _deploying(progress: Progress) -> Callable[[str, str, str], None]:
    return lambda logical_id, kind, status: progress(f"deploying {logical_id} ({kind})")


def _outcome(
    session: Embedded,
    stack: Stack,
    setting: Setting,
    scenario: scenarios.Scenario,
    problems: list[str],
    took: dict[str, float],
    begun: datetime,
) -> Outcome:
    alarms = {i: r.physical_id for i, r in stack.resources.items() if r.type == "AWS::CloudWatch::Alarm"}
    return Outcome(
        scenario=scenario.name,
        about=scenario.about,
        environment=setting.environment.name if setting.environment else None,
        problems=problems,
        batches=Observer(session, stack, setting.scenarios.parts).batches(),
        alarms={i: [new for at, _, new, _ in session.alarms.history(a) if at >= begun] for i, a in alarms.items()},
        notifications=sum(mail.at >= begun for mail in session.topics.outbox()),
        metrics=own_metrics(session),
        calls=session.world.seam.count,
        resources=len(stack.resources),
        took=took,
    )
