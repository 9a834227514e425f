"""Trust policies: whom they let become a role, and who uses it."""

import re
from collections.abc import Iterator, Mapping

from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import is_wildcard
from stackproof.graph.iam.data import ROLE_USERS, SHARED_PROVIDERS, SOURCE_SERVICES, TRUST_SOURCES
from stackproof.graph.iam.documents import Kind, Statement, documents, statements
from stackproof.graph.iam.principals import account, arn_parts, closing, is_account, is_positive, is_service
from stackproof.graph.values import found, known
from stackproof.template.model import Path, Resource, Unknown, UnknownValueError
from stackproof.template.references import display, target

_ASSUME = frozenset(("sts:assumerole", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext"))
_WHO = ("aws:principalarn", "aws:principaltag/", "aws:userid", "aws:username", "aws:sourceidentity", "sts:externalid")
_NO_USERS = ("AWS::KMS::Key", "AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
_SPELT = {"aws:sourceaccount": "aws:SourceAccount", "aws:sourcearn": "aws:SourceArn"}
_FEDERATED = frozenset(("sts:assumerolewithwebidentity", "sts:assumerolewithsaml"))


def trust_faults(graph: Graph, statement: Statement) -> Iterator[tuple[str, Path]]:
    """What is wrong with an Allow of a trust policy: (message, place).

    Raises: UnknownValueError.
    """
    actions = {action.lower() for action, _ in statement.texts("Action")}
    kinds = set()
    bound = {key: value for key, value, _ in closing(statement)}
    for kind, value, place in statement.principals():
        kinds.add(kind)
        match kind:
            case "Service":
                yield from ((message, place) for message in _service_faults(graph, statement, value, bound))
            case "Federated":
                if not _names_a_subject(statement, value):
                    yield (
                        f"{statement.name} lets anybody of {value} in: no condition names a subject or audience",
                        place,
                    )
            case "AWS" if is_account(value) and not _narrows(statement):
                yield f"{statement.name} lets everybody of {display(value)} in whom its administrators let", place
            case "AWS" | "*" | "CanonicalUser":
                continue  # judged as principals of a resource policy: everybody, other accounts
            case _:
                yield f"{statement.name} has the unknown kind of principal {kind}", place
    if not kinds and "NotPrincipal" not in statement.body:
        yield f"{statement.name} names no principal", statement.path
    wanted = _FEDERATED | _ASSUME if "Federated" in kinds else _ASSUME
    for action, place in statement.texts("Action"):
        if action.lower() not in wanted:
            yield f"{statement.name} grants {action}, which is no way to become a role", place
    if actions and not actions & ({"sts:assumerole"} | _FEDERATED):
        yield f"{statement.name} lets nobody assume the role", (*statement.path, "Action")


def _service_faults(graph: Graph, statement: Statement, service: str, bound: dict[str, str]) -> Iterator[str]:
    if not is_service(graph, service):
        yield f"{statement.name} trusts {display(service)}, which is no service principal"
    wanted = TRUST_SOURCES.get(service, "")
    owner, arn = bound.get("aws:sourceaccount"), bound.get("aws:sourcearn")
    if wanted == "none":
        keys = {key.lower() for _, key, _, _ in statement.conditions()}
        if keys & {"aws:sourceaccount", "aws:sourcearn"}:
            yield f"{statement.name} keeps {service} out: it sends no source that a condition could compare"
    elif wanted and owner is None and (wanted == "both" or not _names_account(arn)):
        yield f"{statement.name} lets {service} in for any account: no condition on aws:SourceAccount names one"
    elif wanted == "both" and arn is None:
        yield f"{statement.name} lets {service} in for anything: no condition on aws:SourceArn names what it acts for"
    if wanted in ("account", "both") and arn is not None and not _is_of(graph, arn, service.split(".")[0]):
        yield f"{statement.name}: aws:SourceArn is {display(arn)}, which {service} never acts for"


def less_bound(graph: Graph, role: Resource) -> Iterator[tuple[str, Path]]:
    """The statements that bind a service to less than another role of the template binds it to: message, place.

    Raises: UnknownValueError.
    """
    most = _bounds(graph)
    for statement in statements(graph, role, Kind.TRUST) if role.logical_id in documents(graph, Kind.TRUST) else ():
        keys = _sources(statement)
        for kind, service, place in statement.principals() if statement.allows else ():
            name, best = most.get(service, ("", keys)) if kind == "Service" else ("", keys)
            if keys < best:
                missing = ", ".join(_SPELT[key] for key in sorted(best - keys))
                yield f"{statement.name} does not bind {service} by {missing}, as {name} does", place


def _bounds(graph: Graph) -> dict[str, tuple[str, frozenset[str]]]:
    """For each service the role that binds it to most, and the keys by which it does."""
    if "iam.bounds" not in graph.cache:
        most: dict[str, tuple[str, frozenset[str]]] = {}
        for name, held in documents(graph, Kind.TRUST).items():
            for statement in (one for document in held for one in document.known[0]):
                try:
                    keys = _sources(statement)
                except UnknownValueError:
                    continue  # said of that role itself
                for service in _services(statement):
                    if len(keys) > len(most.get(service, ("", frozenset()))[1]):
                        most[service] = name, keys
        graph.cache["iam.bounds"] = most
    found: dict[str, tuple[str, frozenset[str]]] = graph.cache["iam.bounds"]
    return found


def _services(statement: Statement) -> list[str]:
    """The service principals of an Allow of which all is known."""
    principal = statement.body.get("Principal")
    if isinstance(statement.body.get("Effect"), Unknown) or not isinstance(principal, Mapping):
        return []
    named = principal.get("Service")
    services = [one for one in (named if isinstance(named, list) else [named]) if isinstance(one, str)]
    return services if statement.allows else []


def _sources(statement: Statement) -> frozenset[str]:
    return frozenset(key for key, _, _ in closing(statement) if key in _SPELT)


def _is_of(graph: Graph, arn: str, service: str) -> bool:
    wanted = SOURCE_SERVICES.get(service, service)
    resource = graph.resources.get(target(arn) or "")
    if resource is not None:
        return resource.type.split("::")[1].lower() == wanted
    return arn_parts(arn)[2] in (wanted, "")


def _narrows(statement: Statement) -> bool:
    """Whether conditions say who of an account may come in."""
    return any(
        is_positive(operator) and key.lower().startswith(_WHO) and all(v not in ("*", "") for v in values)
        for operator, key, values, _ in statement.conditions()
    )


def _names_account(arn: str | None) -> bool:
    return arn is not None and account(arn) is not None


def _names_a_subject(statement: Statement, provider: str) -> bool:
    """Whether a condition says whom of a provider it lets in. Of one that serves everybody's projects it must be the
    subject, and its owner named: the audience is the same for all."""
    is_shared = any(name in provider for name in SHARED_PROVIDERS)
    wanted = ("sub",) if is_shared else ("sub", "aud", "amr", "iss")
    for operator, key, values, _ in statement.conditions():
        name = key.lower().rsplit(":", 1)[-1]
        if name not in wanted or not is_positive(operator) or not values:
            continue
        texts = [value if isinstance(value, str) else "" for value in map(known, values)]
        if all(_names_an_owner(text) if is_shared else text.strip("*?") for text in texts):
            return True
    return False


def _names_an_owner(subject: str) -> bool:
    """ "repo:owner/name:ref:...": the kind and the owner hold no wildcard."""
    kind, _, rest = subject.partition(":")
    owner = re.split(r"[/:]", rest, maxsplit=1)[0]
    return bool(owner) and not is_wildcard(kind) and not is_wildcard(owner)


def users(graph: Graph, role: Resource) -> dict[str, str]:
    """The services that resources of the template have use a role, each with one that does: principal -> logical id."""
    return {service: user for user, _, service in _uses(graph).get(role.logical_id, ())}


def users_of(graph: Graph, value: str) -> set[str]:
    """The resources that use the role of the template which a value stands for."""
    role = graph.referred(value, "AWS::IAM::Role")
    return {user for user, _, _ in _uses(graph).get(role.logical_id, ())} if role else set()


def strays(graph: Graph, role: Resource, trusted: set[str]) -> set[str]:
    """The services that a role trusts although nothing has them use it: none where the template does not show all that
    use it."""
    uses = _uses(graph).get(role.logical_id, ())
    places = {(user, place) for user, place, _ in uses}
    for edge in graph.incoming.get(role.logical_id, ()):
        kind = graph.resources[edge.source].type
        if (edge.source, edge.path) not in places and not kind.endswith("Policy") and kind not in _NO_USERS:
            return set()
    known = {service for _, _, service in uses}
    known |= {"edgelambda.amazonaws.com"} if "lambda.amazonaws.com" in known else set()
    return trusted - known if uses else set()


def _uses(graph: Graph) -> dict[str, list[tuple[str, Path, str]]]:
    """For each role who uses it: the resource, the place there, the service."""
    if "iam.uses" not in graph.cache:
        told: dict[str, list[tuple[str, Path, str]]] = {}
        for kind, steps, service in ROLE_USERS:
            for resource in graph.of_type(kind):
                for place, value in found(resource, steps):
                    named = graph.referred(value, "AWS::IAM::Role") if isinstance(value, str) else None
                    if named is not None:
                        told.setdefault(named.logical_id, []).append((resource.logical_id, place, service))
        graph.cache["iam.uses"] = told
    known: dict[str, list[tuple[str, Path, str]]] = graph.cache["iam.uses"]
    return known
