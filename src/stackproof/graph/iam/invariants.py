"""Access invariants, proved over all grants: identity and resource policies, permissions, wildcards, exceptions,
managed policies.

A grant is judged by itself: one that only a Deny elsewhere takes back is one edit away from being none, and counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from stackproof.findings.outcome import Outcome
from stackproof.graph.access import Access, External, Invariant
from stackproof.graph.arns import arn, common
from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import expand, is_wildcard, matches
from stackproof.graph.iam.denials import is_denied, principal_arn
from stackproof.graph.iam.grants import IDENTITIES, Grant, identity_grants, resource_grants
from stackproof.graph.iam.managed import attached, known_actions
from stackproof.graph.iam.patterns import overlap
from stackproof.graph.iam.principals import is_service, parameter
from stackproof.graph.values import known
from stackproof.graph.wildcards import covers
from stackproof.rules import Hit
from stackproof.template.model import UnknownValueError
from stackproof.template.references import display, whole


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """An invariant as it is looked for: its actions, its resources (name -> ARN patterns), those who alone may (logical
    ids, ARNs, services)."""

    invariant: Invariant
    actions: tuple[str, ...]
    services: frozenset[str]
    resources: tuple[tuple[str, tuple[str, ...]], ...]
    only: frozenset[str]

    def granted(self, grant: "_Given") -> str:
        """The first of its actions that a grant allows on one of its resources, with its name; '' for none."""
        if not grant.services & self.services and not grant.is_any:
            return ""
        for action in self.actions:
            if grant.grant.covers(action):
                name = next((name for name, patterns in self.resources if grant.reaches(patterns)), None)
                return f"{action} on {name}" if name else ""
        return ""


@dataclass(frozen=True, kw_only=True)
class _Given:
    """A grant with its resources in the common form, and the services of its actions."""

    grant: Grant
    services: frozenset[str]
    is_any: bool
    on: tuple[str, ...]
    excepted: tuple[str, ...]

    def reaches(self, patterns: tuple[str, ...]) -> bool:
        """Whether its resources have something in common with these; one without resources reaches what holds it."""
        if self.on or not self.excepted:
            return any(overlap(one, other) for one in self.on or ("*",) for other in patterns)
        return not any(covers(one, patterns[0]) for one in self.excepted)


def breaches(graph: Graph, access: Access) -> Iterator[Hit]:
    """Every breach of an invariant, at the statement that makes it, and every invariant that speaks of nothing.

    Raises: UnknownValueError when a policy is not known, after what is certain.
    """
    wanted = [_wanted(graph, one) for one in access.invariants]
    for one in wanted:
        yield from _speaks_of_nothing(graph, one)
    given, unknown = _all_given(graph)
    yield from (hit for grant in given for one in wanted for hit in _breach(one, grant))
    yield from _managed(graph, wanted)
    for invariant in access.invariants:
        yield from _not_denied(graph, invariant)
    if unknown is not None:
        raise unknown
    for one in wanted:
        yield from _nobody_may(graph, one, given)
    for outsider in access.external:
        yield from _is_nobody(graph, outsider, given)


def _wanted(graph: Graph, invariant: Invariant) -> _Wanted:
    actions = tuple(dict.fromkeys(one for pattern in invariant.actions for one in expand(pattern)))
    resources = ((name, resource_arn(graph, name)) for name in invariant.resources)
    return _Wanted(
        invariant=invariant,
        actions=actions,
        services=frozenset(action.split(":")[0] for action in actions),
        resources=tuple((name, _all_forms(name, form)) for name, form in resources if form),
        only=frozenset({*invariant.only, *(principal_arn(graph, name) for name in invariant.only)}),
    )


def _all_forms(name: str, form: str) -> tuple[str, ...]:
    """The ARN patterns of a resource and of what lies below it; one without a name of its own also by that which
    CloudFormation makes of the stack's name and its logical id."""
    logical_id = name.split("/", 1)[0]
    made = form.replace(f"<{logical_id}>", f"<StackName>-{logical_id}-*")
    return tuple(f"{one}{below}" for one in dict.fromkeys((form, made)) for below in ("", "/*", ":*"))


def resource_arn(graph: Graph, name: str) -> str:
    """The ARN pattern that an invariant's resource stands for, '' for a resource that does not exist."""
    logical_id, _, below = name.partition("/")
    resource = graph.resources.get(logical_id)
    form = arn(graph, resource) if resource else ""
    return f"{form}/{below}" if form and below else form


def _all_given(graph: Graph) -> tuple[list[_Given], UnknownValueError | None]:
    found: list[_Given] = []
    unknown: UnknownValueError | None = None
    for grants in (identity_grants(graph), resource_grants(graph)):
        try:
            found.extend(_given(graph, grant) for grant in grants)
        except UnknownValueError as error:
            unknown = error
    return found, unknown


def _given(graph: Graph, grant: Grant) -> _Given:
    services = {pattern.lower().partition(":")[0] for pattern, _ in grant.statement.texts("Action")}
    return _Given(
        grant=grant,
        services=frozenset(services),
        is_any="NotAction" in grant.statement.body or any(map(is_wildcard, services)),
        on=tuple(_form(graph, value) for value, _ in grant.statement.texts("Resource")),
        excepted=tuple(_form(graph, value) for value, _ in grant.statement.texts("NotResource")),
    )


def _form(graph: Graph, value: str) -> str:
    """The ARN that a statement names; the reference of a permission to its function stands for the function."""
    reference = whole(value)
    resource = graph.resources.get(reference.target) if reference and reference.attribute is None else None
    return (arn(graph, resource) if resource else "") or common(graph, value)


def _speaks_of_nothing(graph: Graph, wanted: _Wanted) -> Iterator[Hit]:
    invariant = wanted.invariant
    for name in invariant.resources:
        logical_id = name.split("/", 1)[0]
        resource = graph.resources.get(logical_id)
        if resource is None and not _is_left_out(graph, logical_id):
            yield Hit(f"the invariant {invariant.id} names the resource {name}, which does not exist")
        elif resource is not None and not arn(graph, resource):
            yield Hit(f"the invariant {invariant.id} names {name}: nothing is known of the ARNs of {resource.type}")
    for name in invariant.only:
        resource = graph.resources.get(name)
        is_somebody = resource.type in IDENTITIES if resource else _is_left_out(graph, name)
        if not (is_somebody or name.startswith("arn:") or is_service(graph, name)) and parameter(graph, name) is None:
            yield Hit(f"the invariant {invariant.id} names {name}, which is no role, parameter, ARN or service")
    for action in invariant.actions:
        if not expand(action):
            yield Hit(f"the invariant {invariant.id} names the action {action}, which does not exist")


def _is_left_out(graph: Graph, name: str) -> bool:
    """Whether the template declares a resource that does not exist under these conditions."""
    return name in graph.template.source.data.get("Resources", {})


def _breach(wanted: _Wanted, given: _Given) -> Iterator[Hit]:
    principal, statement = given.grant.principal, given.grant.statement
    if wanted.invariant.when or principal in wanted.only:
        return
    if what := wanted.granted(given):
        who = "everybody" if principal == "*" else display(principal)
        message = f"{statement.name} lets {who} {what}, against the invariant {wanted.invariant.id}"
        yield Hit(message, path=statement.path, resource=statement.holder.logical_id)


def _nobody_may(graph: Graph, wanted: _Wanted, given: list[_Given]) -> Iterator[Hit]:
    """An invariant's action that none of those has who alone may, and one of them who has none of its actions: it would
    speak of nothing."""
    invariant = wanted.invariant
    left_out = any(name not in graph.resources and _is_left_out(graph, name) for name in invariant.only)
    if invariant.when or not invariant.only or left_out or not wanted.resources:
        return
    theirs = [one for one in given if one.grant.principal in wanted.only]
    theirs = [one for one in theirs if any(one.reaches(patterns) for _, patterns in wanted.resources)]
    for pattern in invariant.actions:
        if expand(pattern) and not any(one.grant.covers(action) for one in theirs for action in expand(pattern)):
            who = " or ".join(invariant.only)
            yield Hit(f"the invariant {invariant.id} speaks of nothing: no grant lets {who} {pattern}")
    for name in invariant.only:
        names = {name, principal_arn(graph, name)}
        if not any(one.grant.principal in names and wanted.granted(one) for one in theirs):
            yield Hit(f"the invariant {invariant.id} names {name}, whom no grant lets do any of it")


def _is_nobody(graph: Graph, outsider: External, given: list[_Given]) -> Iterator[Hit]:
    """An external principal that no policy names, or that does not exist."""
    name = outsider.parameter or outsider.arn or ""
    if outsider.parameter is not None and parameter(graph, outsider.parameter) is None:
        yield Hit(f"access.yaml declares the parameter {name} an external principal, but it does not exist")
        return
    value = known(parameter(graph, outsider.parameter)) if outsider.parameter else outsider.arn
    named = {item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)}
    if not any(one in held for one in named for held in _texts(graph)):
        yield Hit(f"access.yaml declares the external principal {name}, whom no policy names")


def _texts(graph: Graph) -> Iterator[str]:
    """Every principal and every value of a condition of all policies of resources and roles."""
    for grant in resource_grants(graph):
        yield grant.principal
        yield from (str(known(v)) for _, _, values, _ in grant.statement.conditions() for v in values)


def _managed(graph: Graph, wanted: list[_Wanted]) -> Iterator[Hit]:
    """Managed policies whose content the template does not show: by what is known of them."""
    asked = [one for one in wanted if not one.invariant.when and one.actions]
    for identity, value, place in attached(graph) if asked else ():
        actions = known_actions(value)
        if actions is None:
            message = f"what the managed policy {display(value)} grants is not known: the invariants are not proven"
            yield Hit(message, path=place, resource=identity, outcome=Outcome.UNKNOWN)
            continue
        for one in asked:
            found = next((a for a in one.actions if any(matches(pattern, a) for pattern in actions)), None)
            if found and identity not in one.only:
                message = (
                    f"{value.rsplit('/', 1)[-1]} lets {identity} {found}, against the invariant {one.invariant.id}"
                )
                yield Hit(message, path=place, resource=identity)


def _not_denied(graph: Graph, invariant: Invariant) -> Iterator[Hit]:
    for name in invariant.resources if invariant.denied else ():
        resource = graph.resources.get(name.split("/", 1)[0])
        wanted = resource_arn(graph, name)
        if resource is None or not wanted:
            continue
        for action in invariant.actions:
            one = action if is_wildcard(action) else (expand(action) or (action,))[0]
            if not is_denied(graph, resource, wanted, one, invariant):
                who = f"everybody but {', '.join(invariant.only)}" if invariant.only else "everybody"
                under = " under its conditions" if invariant.when else ""
                message = f"no policy denies {who} {action} on {name}{under}, as the invariant {invariant.id} demands"
                yield Hit(message, path=("Properties",), resource=resource.logical_id)
