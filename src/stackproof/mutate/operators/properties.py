"""Faults in the properties that a control speaks of."""

from collections.abc import Callable, Iterator
from typing import Any

from stackproof.mutate import tree
from stackproof.mutate.model import Mutant
from stackproof.mutate.registry import operator
from stackproof.mutate.target import Place, Target, reference
from stackproof.template import schemas
from stackproof.template.references import inside

HOLE = "StackproofHole"
_ONE_IS_NOT_ANOTHER = {"AWS::EC2::Subnet", "AWS::EC2::RouteTable", "AWS::IAM::Role", "AWS::S3::Bucket"}
_KEY = "AWS::KMS::Key"
_ALIASES = {
    "AWS::SNS::Topic": "alias/aws/sns",
    "AWS::SQS::Queue": "alias/aws/sqs",
    "AWS::S3::Bucket": "alias/aws/s3",
    "AWS::DynamoDB::Table": "alias/aws/dynamodb",
    "AWS::Lambda::Function": "alias/aws/lambda",
    "AWS::EC2::LaunchTemplate": "alias/aws/ebs",
}


@operator("delete-property")
def delete_property(target: Target) -> Iterator[Mutant]:
    """A property, entry or item that a control speaks of is removed."""
    for place, spoken in _spoken(target, "delete"):
        required = place.path[-1] in schemas.node(place.resource.type, place.path[:-1]).get("required", ())
        yield target.delete(place, (*spoken, "lint-template") if required else spoken)


@operator("empty-property")
def empty_property(target: Target) -> Iterator[Mutant]:
    """A list, mapping or text is emptied."""
    for place, spoken in _spoken(target, "empty"):
        if isinstance(place.value, list | dict | str) and place.value:
            empty = type(place.value)()
            yield target.replace(place, empty, _with_lint(place, empty, spoken))


@operator("flip-boolean")
def flip_boolean(target: Target) -> Iterator[Mutant]:
    """A truth is turned round."""
    for place, spoken in _spoken(target, "flip"):
        if isinstance(place.value, bool):
            yield target.replace(place, not place.value, spoken)


@operator("other-value")
def other_value(target: Target) -> Iterator[Mutant]:
    """An enumerated value is replaced by another that the schema allows."""
    for place, spoken in _spoken(target, "other"):
        for value in place.schema.get("enum", ()):
            if isinstance(place.value, str) and value != place.value:
                yield target.replace(place, value, spoken)


@operator("misspell-value")
def misspell_value(target: Target) -> Iterator[Mutant]:
    """A text is misspelt: letters in the wrong case, or one too few."""
    for place, spoken in _spoken(target, "typo"):
        if isinstance(place.value, str) and place.value and next(inside(place.value), None) is None:
            yield target.replace(place, place.value[:-1] or "x", (*spoken, "lint-template"))
            if place.value.swapcase() != place.value and place.schema.get("enum"):
                yield target.replace(place, place.value.swapcase(), (*spoken, "lint-template"))


@operator("weaken-value")
def weaken_value(target: Target) -> Iterator[Mutant]:
    """A value is replaced by one that is worse than any good one."""
    for resource in target.resources.values():
        for place, spoken in target.spoken(resource):
            for value in spoken.weak:
                if str(value) != str(place.value):
                    yield target.replace(place, value, _with_lint(place, value, spoken.controls))


@operator("managed-key")
def managed_key(target: Target) -> Iterator[Mutant]:
    """A customer key is replaced by the AWS managed one, as an alias and as an ARN."""
    for place, spoken in _spoken(target, "key"):
        if _of_keys(target, place):
            alias = _ALIASES.get(place.resource.type, "alias/aws/default")
            yield target.replace(place, alias, spoken)
            arn = f"arn:${{AWS::Partition}}:kms:${{AWS::Region}}:${{AWS::AccountId}}:{alias}"
            yield target.replace(place, {"Fn::Sub": arn}, spoken)


@operator("repoint-reference")
def repoint_reference(target: Target) -> Iterator[Mutant]:
    """A reference leads to another resource of the same type."""
    yield from _repointed(target, "repoint", _alike)


@operator("retype-reference")
def retype_reference(target: Target) -> Iterator[Mutant]:
    """A reference leads to a resource of another type."""
    yield from _repointed(target, "retype", _unlike)


def _repointed(target: Target, fault: str, others: Callable[[Target, str, Place], Iterator[str]]) -> Iterator[Mutant]:
    for place, spoken in _spoken(target, fault):
        name = reference(place.value)
        if name not in target.resources:
            continue
        raw = tree.at(target.data, place.origin)
        for other in others(target, name or "", place):
            if (value := repointed(raw, name or "", other)) is not None:
                yield target.replace(place, value, (*spoken, "lint-template"))
                break


@operator("conditional-hole")
def conditional_hole(target: Target) -> Iterator[Mutant]:
    """A property is there only under a condition that nobody knows before the deployment."""
    for place, spoken in _spoken(target, "hole"):
        if len(place.path) != 1:
            continue
        raw = tree.at(target.data, place.origin)
        holed = {"Fn::If": [HOLE, raw, {"Ref": "AWS::NoValue"}]}
        data = tree.replaced(target.data, place.origin, holed)
        condition = {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-central-1"]}
        data = tree.replaced(data, ("Conditions", HOLE), condition)
        yield target.change(
            place.origin, data, f"{place.path[0]} is there in one region only", spoken, before=place.value, after=holed
        )


@operator("unknown-value")
def unknown_value(target: Target) -> Iterator[Mutant]:
    """A value is imported from another stack, so that nobody knows it before the deployment."""
    for place, spoken in _spoken(target, "delete"):
        # Of a tag it is enough to know that it is there, where any value will do.
        if not isinstance(place.value, list | dict) and "Tags" not in place.path:
            imported = {"Fn::ImportValue": "of-another-stack"}
            yield target.replace(place, imported, (*spoken, "lint-decidable", "lint-template"))


@operator("macro")
def macro(target: Target) -> Iterator[Mutant]:
    """A macro changes the template, or a resource of it, at deployment."""
    named = tree.replaced(target.data, ("Transform",), ["SomebodysMacro"])
    yield target.change((), named, "the macro SomebodysMacro changes the template", ("lint-decidable", "lint-template"))
    included = {"Name": "AWS::Include", "Parameters": {"Location": "s3://bucket/more.yaml"}}
    for resource in [*target.resources.values()][:3]:
        path = (*target.body(resource), "Properties", "Fn::Transform")
        data = tree.replaced(target.data, path, included)
        yield target.change(path, data, "a macro adds properties", ("lint-decidable", "lint-template"), after=included)


def _spoken(target: Target, fault: str) -> Iterator[tuple[Place, tuple[str, ...]]]:
    for resource in target.resources.values():
        for place, spoken in target.spoken(resource):
            if fault in spoken.faults:
                yield place, (*spoken.controls, *_of_keys(target, place))


def _of_keys(target: Target, place: Place) -> tuple[str, ...]:
    """Where a key is named, the control that asks for a key that can be used has a say."""
    named = target.resources.get(reference(place.value) or "")
    return ("encryption-key-usable",) if named is not None and named.type == _KEY else ()


def _with_lint(place: Place, value: Any, controls: tuple[str, ...]) -> tuple[str, ...]:
    """cfn-lint judges what the schema forbids, whoever else does."""
    schema = place.schema
    allowed = schema.get("enum")
    low, high = schema.get("minimum"), schema.get("maximum")
    number = isinstance(value, int) and not isinstance(value, bool)
    forbidden = (allowed and value not in allowed) or (
        number and ((low is not None and value < low) or (high is not None and value > high))
    )
    return (*controls, "lint-template") if forbidden else controls


def _alike(target: Target, name: str, place: Place) -> Iterator[str]:
    """Others of the same type which the property does not name already; first those that a like resource has there.
    Another key, queue, topic or log group serves as well, as far as a template can tell."""
    kind = target.resources[name].type
    if kind not in _ONE_IS_NOT_ANOTHER:
        return
    around = place.resource.get(*place.path[:-1]) if place.path[:-1] else {}
    used = {reference(item) for item in around} if isinstance(around, list) else {name}
    elsewhere = {reference(one.get(*place.path)) for one in target.of_type(place.resource.type)}
    same = [one.logical_id for one in target.of_type(kind) if one.logical_id not in used]
    yield from sorted(same, key=lambda one: one not in elsewhere)


def _unlike(target: Target, name: str, place: Place) -> Iterator[str]:
    """Resources of another type."""
    kinds = (target.resources[name].type, place.resource.type)
    return (one.logical_id for one in target.resources.values() if one.type not in kinds)


def repointed(raw: Any, name: str, other: str) -> Any:
    """A reference in long form that leads to another resource, None when it is no plain reference."""
    match raw:
        case {"Ref": str(known)} if known == name:
            return {"Ref": other}
        case {"Fn::GetAtt": [str(known), attribute]} if known == name:
            return {"Fn::GetAtt": [other, attribute]}
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": text.replace(f"${{{name}}}", f"${{{other}}}").replace(f"${{{name}.", f"${{{other}.")}
        case _:
            return None
