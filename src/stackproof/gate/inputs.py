"""What the gate judges: each template under each of its environments, with what is said about that stack alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stackproof import deployment
from stackproof.deployment import Deployment
from stackproof.engines.protocol import Subject
from stackproof.errors import StackproofError
from stackproof.findings.report import Problem
from stackproof.gate.access import Access
from stackproof.gate.access import load as load_access
from stackproof.gate.files import load_yaml
from stackproof.gate.waivers import WaiverFile, load_waivers
from stackproof.template.expand import expand
from stackproof.template.model import Source
from stackproof.template.read import read
from stackproof.template.render import render


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One template under one environment: `subjects` has one entry for each variant of its undecided conditions."""

    source: Source
    environment: Deployment | None
    subjects: tuple[Subject, ...]
    access: Access | None

    @property
    def name(self) -> str | None:
        """The environment's name."""
        return self.environment.name if self.environment else None


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One template with all that was judged of it. `every_environment`: none of its environments was left out."""

    path: str
    judged: tuple[Judged, ...]
    waivers: WaiverFile
    every_environment: bool


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """All that could be gathered, and what could not."""

    stacks: tuple[Stack, ...]
    problems: tuple[Problem, ...] = ()
    left_out: tuple[str, ...] = field(default=())


def gather(templates: Sequence[str], *, environments: Sequence[str] = (), like: str | None = None) -> Inputs:
    """Read and resolve every template. One that can't be read is a problem and does not stop the others.

    `environments` are names or deployment files, all of the template's own without; `like` is the template whose
    environments, waivers and access invariants apply instead of the template's own (`--as`).
    """
    stacks: list[Stack] = []
    problems: list[Problem] = []
    left_out: dict[str, None] = {}
    for number, path in enumerate(dict.fromkeys(templates)):
        try:
            stack = _stack(number, path, environments, Path(like or path))
        except StackproofError as error:
            problems.append(Problem(path=path, message=str(error), exit_code=error.exit_code))
            continue
        stacks.append(stack)
        if not stack.every_environment:
            left_out["environments that --environment does not name"] = None
    return Inputs(stacks=tuple(stacks), problems=tuple(problems), left_out=tuple(left_out))


def _stack(number: int, path: str, environments: Sequence[str], home: Path) -> Stack:
    source = read(path)
    if not home.is_file():
        raise StackproofError(f"{home}: no such file; --as names a template, whose environments and invariants hold.")
    known = deployment.beside(home)
    chosen: list[Deployment | None] = [_named(home, name) for name in environments] or [*known] or [None]
    access_file = said_about(home, "access.yaml")
    access = load_access(access_file) if access_file else None
    waiver_file = said_about(home, "waivers.yaml")
    return Stack(
        path=path,
        judged=tuple(_judge(f"{number}-{i}", source, environment, access) for i, environment in enumerate(chosen)),
        waivers=load_waivers(waiver_file) if waiver_file else WaiverFile(),
        every_environment=not environments or {d.path for d in known} <= {d.path for d in chosen if d},
    )


def said_about(template: Path, name: str) -> Path | None:
    """The file beside a template that says something about that template alone (its key `template` names it), None when
    there is none, or when it speaks of another template.

    Raises: StackproofError when it does not say which template it speaks of, or there is no such template: a slip in
    the name must not take the invariants from a stack.
    """
    path = template.parent / name
    if not path.exists() and not path.is_symlink():
        return None
    data = load_yaml(path)
    named = data.get("template") if isinstance(data, dict) else None
    if not isinstance(named, str):
        raise StackproofError(f"{path}: it must say which template it speaks of: template: {template.name}")
    if not (path.parent / named).is_file():
        raise StackproofError(f"{path}: it speaks of the template {named}, which is not there.")
    return path if (path.parent / named).resolve() == template.resolve() else None


def _named(home: Path, name: str) -> Deployment:
    found = deployment.choose(home, name)
    if found is None:
        raise StackproofError(f"{home} has no environment {name!r}.")
    return found


def _judge(key: str, source: Source, environment: Deployment | None, access: Access | None) -> Judged:
    templates = expand(
        source,
        environment.parameters if environment else None,
        named=str(environment.path) if environment else "",
    )
    return Judged(
        source=source,
        environment=environment,
        access=access,
        subjects=tuple(
            Subject(
                key=f"{key}-{i}",
                template=template,
                rendered=render(template),
                environment=environment.path if environment else None,
            )
            for i, template in enumerate(templates)
        ),
    )
