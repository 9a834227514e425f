"""Faults in policy statements: the whole statement, its effect, its actions, its resources."""

from collections.abc import Iterator

from stackproof.mutate import tree
from stackproof.mutate.model import Mutant
from stackproof.mutate.operators.properties import repointed
from stackproof.mutate.policies import Kind, Statement, statements
from stackproof.mutate.registry import operator
from stackproof.mutate.target import Target
from stackproof.template.model import Resource
from stackproof.template.references import inside

MISSING = "a grant that is missing: only the recorded calls tell which are needed"
UNUSED = "a grant that nobody uses: only the recorded calls tell which are needed"
_BOUND_TO_ONE = {"AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"}
"""Policies of one thing that has no parts: whatever ARN they name beyond it, they grant no more."""
_WIDE = {
    Kind.IDENTITY: ("iam-wildcard-actions",),
    Kind.TRUST: ("iam-trust",),
    Kind.RESOURCE: ("iam-wildcard-actions",),
    Kind.KEY: ("iam-key-policies", "iam-wildcard-actions"),
    Kind.ENDPOINT: ("network-endpoint-policies", "iam-wildcard-actions"),
}
_OPEN = {
    Kind.IDENTITY: ("iam-wildcard-resources",),
    Kind.RESOURCE: ("iam-wildcard-resources", "iam-access-invariants"),
    Kind.ENDPOINT: ("network-endpoint-policies", "iam-wildcard-resources"),
}


def needed_by(statement: Statement) -> tuple[tuple[str, ...], str]:
    """The controls that miss a statement, or why only the record can tell."""
    if statement.demands_tls:
        return ("encryption-in-transit",), ""
    if not statement.allows:
        locks = any("Retention" in action for action in statement.texts("Action"))
        return ("iam-access-invariants", *(("recovery-object-lock",) if locks else ())), ""
    if statement.kind is Kind.TRUST:
        return ("iam-trust",), ""
    if statement.kind is Kind.KEY and statement.texts("Action") == ("kms:*",):
        return ("iam-key-policies", "encryption-key-usable"), ""
    if statement.kind in (Kind.KEY, Kind.RESOURCE):
        admitted = [
            *statement.services(),
            *(str(value) for _, key, value in statement.conditions() if "rincipal" in key),
        ]
        for service, controls in statement.target.speaks.services.items():
            if any(service in name for name in admitted):
                return (
                    *controls,
                    "encryption-key-usable",
                    "iam-key-policies",
                ) if statement.kind is Kind.KEY else controls, ""
    return ("iam-actions",), MISSING


@operator("delete-statement")
def delete_statement(target: Target) -> Iterator[Mutant]:
    """A policy statement is removed."""
    for statement in statements(target):
        controls, record = needed_by(statement)
        if not (statement.alone and statement.kind is Kind.TRUST):
            yield target.delete(statement.place, controls, needs_record=record)


@operator("flip-effect")
def flip_effect(target: Target) -> Iterator[Mutant]:
    """Allow becomes Deny, Deny becomes Allow."""
    for statement in statements(target):
        place = statement.element("Effect")
        if place is None:
            continue
        controls, record = needed_by(statement)
        if statement.allows:
            yield target.replace(place, "Deny", controls, needs_record=record)
        else:
            yield target.replace(place, "Allow", (*controls, "iam-public-principals", "iam-wildcard-actions"))


@operator("misspell-effect")
def misspell_effect(target: Target) -> Iterator[Mutant]:
    """The effect of a statement is misspelt."""
    for statement in statements(target):
        if place := statement.element("Effect"):
            controls = ("lint-template", *needed_by(statement)[0], *_WIDE[statement.kind])
            yield target.replace(place, str(place.value).lower(), controls)


@operator("widen-action")
def widen_action(target: Target) -> Iterator[Mutant]:
    """An allowed action becomes all actions of its service, a prefix of them, or all."""
    for statement in statements(target):
        if not statement.allows:
            continue
        controls = _WIDE[statement.kind]
        for number, place in enumerate(statement.items("Action")):
            service, _, name = str(place.value).partition(":")
            if "*" in name or not name:
                continue
            yield target.replace(place, f"{service}:*", controls)
            if number == 0:
                yield target.replace(place, "*", controls)
                yield target.replace(place, f"{service}:{name[:3]}*", controls)


@operator("misspell-action")
def misspell_action(target: Target) -> Iterator[Mutant]:
    """An action is misspelt, so that it is none."""
    for statement in statements(target):
        for place in statement.items("Action"):
            service, _, name = str(place.value).partition(":")
            if name and "*" not in name:
                expected = ("iam-trust",) if statement.kind is Kind.TRUST else needed_by(statement)[0]
                yield target.replace(place, f"{service}:{name}s", ("iam-actions", *expected))


@operator("widen-resource")
def widen_resource(target: Target) -> Iterator[Mutant]:
    """An allowed resource becomes every resource."""
    for statement in statements(target):
        controls = _OPEN.get(statement.kind, ())
        if not statement.allows or not controls or statement.resource.type in _BOUND_TO_ONE:
            continue
        for place in statement.items("Resource"):
            if place.value == "*":
                continue
            yield target.replace(place, "*", controls)
            service = str(statement.texts("Action")[0]).split(":")[0] if statement.texts("Action") else "s3"
            yield target.replace(
                place, f"arn:aws:{service}:::*" if service == "s3" else f"arn:aws:{service}:*:*:*", controls
            )


@operator("repoint-resource")
def repoint_resource(target: Target) -> Iterator[Mutant]:
    """A statement names a resource of another type, or another one of the same type."""
    for statement in statements(target):
        for place in statement.items("Resource"):
            references = [r for r in inside(place.value) if r.target in target.resources]
            if not references:
                continue
            name = references[0].target
            kind = target.resources[name].type
            raw = tree.at(target.data, place.origin)
            controls, record = needed_by(statement)
            other = next((o.logical_id for o in _with_arn(target, kind, same=False)), None)
            same = next((o.logical_id for o in _with_arn(target, kind, same=True) if o.logical_id != name), None)
            if other and (value := repointed(raw, name, other)) is not None:
                yield target.replace(place, value, ("iam-actions", *controls))
            if same and (value := repointed(raw, name, same)) is not None:
                bound = statement.kind is Kind.RESOURCE
                fits = ("iam-actions", *controls) if bound else controls
                yield target.replace(place, value, fits, needs_record="" if bound else record)


@operator("delete-action")
def delete_action(target: Target) -> Iterator[Mutant]:
    """One of several actions of a statement is removed."""
    yield from _items_deleted(target, "Action")


@operator("delete-resource-item")
def delete_resource_item(target: Target) -> Iterator[Mutant]:
    """One of several resources of a statement is removed."""
    yield from _items_deleted(target, "Resource")


def _items_deleted(target: Target, name: str) -> Iterator[Mutant]:
    for statement in statements(target):
        places = statement.items(name)
        controls, record = needed_by(statement)
        for place in places if len(places) > 1 else ():
            yield target.delete(place, controls, needs_record=record)


@operator("negate-element")
def negate_element(target: Target) -> Iterator[Mutant]:
    """An Allow lists what it does not mean: NotAction, NotResource, NotPrincipal."""
    for statement in statements(target):
        for name in ("Action", "Resource", "Principal") if statement.allows else ():
            if (place := statement.element(name)) is None or (name == "Resource" and place.value == "*"):
                continue
            data = tree.renamed(target.data, place.slot, f"Not{name}")
            controls = ("iam-negated-elements", *_WIDE[statement.kind], "iam-trust", "lint-template")
            yield target.change(
                place.slot, data, f"{name} becomes Not{name}", controls, before=name, after=f"Not{name}"
            )


def _with_arn(target: Target, kind: str, *, same: bool) -> Iterator[Resource]:
    """Resources that have an ARN as this type has, of it or of another type."""
    types = [kind] if same else [t for t in ("AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::S3::Bucket") if t != kind]
    for one in types:
        yield from target.of_type(one)
