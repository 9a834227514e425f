"""From a template and its values: what to make, in which order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stackproof.embedded.deploy.model import Resource, Template, TemplateError
from stackproof.embedded.deploy.order import order, references
from stackproof.embedded.deploy.registry import find
from stackproof.embedded.deploy.resolve import NO_VALUE, Resolver
from stackproof.embedded.world import World
from stackproof.template import parameters as parameter_values


@dataclass(kw_only=True)
class Plan:
    """One deployment: `names` in the order of making; `made` fills up, and answers Ref and GetAtt."""

    template: Template
    parameters: Mapping[str, Any]
    conditions: Mapping[str, bool]
    names: list[str]
    needs: Mapping[str, set[str]]
    resolver: Resolver
    made: dict[str, Resource] = field(default_factory=dict)

    def properties(self, name: str) -> dict[str, Any]:
        """The resolved properties of a resource."""
        resolved = self.resolver.resolve(dict(self.template.resources[name].properties), name)
        if not isinstance(resolved, dict):
            raise TemplateError(f"{name}: Properties must be a mapping.")
        return resolved

    def outputs(self) -> dict[str, Any]:
        """The values of the outputs whose condition holds."""
        values = {}
        for name, body in self.template.outputs.items():
            if "Condition" in body and not self.resolver.condition(body["Condition"]):
                continue
            if "Value" not in body:
                raise TemplateError(f"Output {name} has no Value.")
            value = self.resolver.resolve(body["Value"], f"Outputs.{name}")
            if value is NO_VALUE or isinstance(value, dict | list):
                raise TemplateError(f"Output {name}: the value must be a text, not {value!r}.")
            values[name] = value
        return values


def plan(world: World, template: Template, given: Mapping[str, str], *, stack_name: str, stack_id: str) -> Plan:
    """Check parameters, rules, conditions, references, types and property names; nothing is made yet.

    Raises: TemplateError, EmbeddedError, UnsupportedProperty.
    """
    made: dict[str, Resource] = {}
    values = parameter_values.values(template.parameters, given)
    resolver = Resolver(
        template=template,
        parameters=values,
        pseudo=_pseudo(world, stack_name, stack_id),
        zones=_zones(world),
        ref=lambda name: made[name].physical_id,
        attribute=lambda name, attribute: _attribute(made[name], attribute),
    )
    resolver.check_rules()
    conditions = {name: resolver.condition(name) for name in template.conditions}
    chosen = [n for n, d in template.resources.items() if d.condition is None or resolver.condition(d.condition)]
    # CloudFormation makes side by side what does not depend on each other. A custom resource acts the moment it is
    # made, so here it comes as early as it can: what it needs and does not name is then missing.
    chosen.sort(
        key=lambda name: not template.resources[name].type.startswith(("Custom::", "AWS::CloudFormation::Custom"))
    )
    needs = {name: _needs(template, name, set(chosen), resolver) for name in chosen}
    _check_outputs(template, set(chosen), resolver)
    for name in chosen:
        find(name, template.resources[name].type).check(name, template.resources[name].properties)
    return Plan(
        template=template,
        parameters=values,
        conditions=conditions,
        names=order(needs),
        needs=needs,
        resolver=resolver,
        made=made,
    )


def _needs(template: Template, name: str, chosen: set[str], resolver: Resolver) -> set[str]:
    declared = template.resources[name]
    found = set(references(declared.properties, resolver.condition))
    for other in sorted(found):
        _check_reference(template, other, chosen, resolver, name)
    for other in declared.depends_on:
        if other not in template.resources:
            raise TemplateError(f"{name}: DependsOn {other}, which is no resource.")
    return ((found & set(template.resources)) | set(declared.depends_on)) & chosen


def _check_outputs(template: Template, chosen: set[str], resolver: Resolver) -> None:
    for name, body in template.outputs.items():
        if "Condition" in body and not resolver.condition(body["Condition"]):
            continue
        for other in sorted(set(references(body.get("Value"), resolver.condition))):
            _check_reference(template, other, chosen, resolver, f"Outputs.{name}")


def _check_reference(template: Template, other: str, chosen: set[str], resolver: Resolver, where: str) -> None:
    if other in template.resources and other not in chosen:
        condition = template.resources[other].condition
        raise TemplateError(f"{where} needs {other}, which is not made because the condition {condition} is false.")
    if other not in {*template.resources, *resolver.parameters, *resolver.pseudo, "AWS::NoValue"}:
        raise TemplateError(f"{where} refers to {other}, which is no parameter and no resource.")


def _attribute(resource: Resource, attribute: str) -> Any:
    if attribute not in resource.attributes:
        known = ", ".join(sorted(resource.attributes)) or "none"
        raise TemplateError(
            f"GetAtt {resource.logical_id}.{attribute}: {resource.type} gives no such attribute here; it gives {known}."
        )
    return resource.attributes[attribute]


def _pseudo(world: World, stack_name: str, stack_id: str) -> dict[str, Any]:
    return {
        "AWS::AccountId": world.account.id,
        "AWS::NotificationARNs": [],
        "AWS::Partition": world.account.partition,
        "AWS::Region": world.account.region,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }


def _zones(world: World) -> Callable[[str], list[str]]:
    def zones(region: str) -> list[str]:
        if region != world.account.region:
            raise TemplateError(f"Fn::GetAZs of {region}: the embedded AWS is in {world.account.region} only.")
        answer = world.client("ec2").describe_availability_zones()
        return sorted(zone["ZoneName"] for zone in answer["AvailabilityZones"])

    return zones
