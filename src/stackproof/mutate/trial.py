"""A mutant as the engines judge it: resolved under an environment in which the fault shows."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stackproof.deployment import Deployment
from stackproof.engines.protocol import Subject
from stackproof.mutate.anew import resolved
from stackproof.mutate.model import Mutant
from stackproof.template.errors import TemplateError
from stackproof.template.expand import expand
from stackproof.template.model import Resource, Source, Template
from stackproof.template.read import source as read_source
from stackproof.template.render import render, render_resource

Json = Any


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The template before any fault, under one environment."""

    deployment: Deployment | None
    parameters: Mapping[str, str]
    templates: tuple[Template, ...]
    declared: Mapping[str, Json]
    """The parameters' declarations, which rules judge as well."""

    @property
    def name(self) -> str | None:
        """The environment's name."""
        return self.deployment.name if self.deployment else None

    @property
    def file(self) -> Path | None:
        """The environment's file."""
        return self.deployment.path if self.deployment else None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A mutant under an environment. `changed` are the resources that look otherwise than before, in any variant;
    `same`: nothing that is judged does, under any environment; `refused` is why it is no template any more."""

    stage: Stage
    templates: tuple[Template, ...] = ()
    changed: frozenset[str] = frozenset()
    same: bool = False
    refused: str = ""
    failure: str = ""
    """Why nothing is known of it."""


def stage(source: Source, deployment: Deployment | None) -> Stage:
    """The template under an environment.

    Raises: TemplateError.
    """
    parameters = deployment.parameters if deployment else {}
    named = str(deployment.path) if deployment else ""
    return Stage(
        deployment=deployment,
        parameters=parameters,
        templates=expand(source, parameters, named=named),
        declared=source.data.get("Parameters", {}),
    )


def mutated(source: Source, mutant: Mutant, *, text: bool = False) -> Source:
    """The source of a mutant: JSON of its data (empty unless `text`, as most engines do not read it), the original's
    places."""
    written = json.dumps(mutant.data, default=str) if text else ""
    return replace(source, data=mutant.data, text=written, sha256=hashlib.sha256(written.encode()).hexdigest())


def attempt(source: Source, mutant: Mutant, stages: Sequence[Stage]) -> Trial:
    """The mutant under the first environment in which it looks otherwise than the template."""
    after = mutated(source, mutant)
    if not mutant.data.get("Resources"):
        return _malformed(stages[0], source, mutant, ValueError("it has no resources"))
    for one in stages:
        try:
            if mutant.parameters is None:
                templates = resolved(source, after, one.templates, one.parameters)
            else:
                templates = expand(after, mutant.parameters)
        except TemplateError as error:
            return Trial(stage=one, refused=str(error))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            return _malformed(one, source, mutant, error)
        changed = _changed(one.templates, templates)
        if changed is None or changed or mutant.data.get("Parameters", {}) != one.declared:
            return Trial(stage=one, templates=templates, changed=changed or frozenset())
    return Trial(stage=stages[0], same=True)


def _malformed(one: Stage, source: Source, mutant: Mutant, error: Exception) -> Trial:
    """An operator of somebody else's may leave what no template can be: the gate would refuse it when it reads it."""
    try:
        read_source(mutated(source, mutant, text=True).text, source.path)
    except (TemplateError, RecursionError) as refusal:
        return Trial(stage=one, refused=str(refusal))
    return Trial(stage=one, failure=f"it can't be resolved: {type(error).__name__}: {error}")


def subjects(key: str, trial: Trial, environment: Path | None) -> tuple[Subject, ...]:
    """One subject a variant, without rendered form: for engines that read the model."""
    return tuple(
        Subject(key=f"{key}-{i}", template=template, rendered={}, environment=environment)
        for i, template in enumerate(trial.templates)
    )


def rendered(subject: Subject, only: frozenset[str] | None = None) -> Subject:
    """The subject with its rendered form; `only`: reduced to these resources, for engines that judge each alone."""
    if only is None:
        return replace(subject, rendered=render(subject.template))
    kept = {name: one for name, one in subject.template.resources.items() if name in only}
    looks = {"Resources": {name: render_resource(one) for name, one in kept.items()}}
    return replace(subject, template=replace(subject.template, resources=kept), rendered=looks)


def _changed(before: Sequence[Template], after: Sequence[Template]) -> frozenset[str] | None:
    """The resources that look otherwise, new ones included; None when something else does: one is gone, or the variants
    are others."""
    found: set[str] = set()
    alike = len(before) == len(after)
    for number, variant in enumerate(after):
        known = before[min(number, len(before) - 1)].resources
        alike = alike and known.keys() <= variant.resources.keys()
        for name, one in variant.resources.items():
            if known.get(name) is not one and (name not in known or _look(known[name]) != _look(one)):
                found.add(name)
    same = all(one.undecided == other.undecided for one, other in zip(before, after, strict=False))
    return frozenset(found) if found or (alike and same) else None


def _look(resource: Resource) -> Json:
    return render_resource(resource)
