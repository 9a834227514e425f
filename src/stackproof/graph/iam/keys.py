"""Statements of key policies. `Resource: "*"` is the key itself there, and no wildcard."""

import re
from collections.abc import Iterator

from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import is_wildcard, matches
from stackproof.graph.iam.data import ENCRYPTION_CONTEXTS, KEY_WITHOUT_SOURCE
from stackproof.graph.iam.documents import Statement
from stackproof.graph.iam.principals import OWN, account, arn_parts, closing, is_account, is_positive, is_service
from stackproof.template.model import Path, Unknown, UnknownValueError
from stackproof.template.references import display

# What AWS's guides grant by wildcard, because a service uses every form of them (KMS, Key policies for services).
_CUSTOMARY = ("kms:encrypt*", "kms:decrypt*", "kms:reencrypt*", "kms:generatedatakey*", "kms:describe*")
# What the console's own key policy grants to the administrators that it names (KMS, Default key policy).
_CONSOLE = tuple(f"kms:{verb}*" for verb in "create describe enable list put update revoke disable get delete".split())
_USES = re.compile(
    r"kms:(?:encrypt|decrypt|reencrypt|generatedatakey|generatemac|generaterandom|verify|sign|derivesharedsecret"
    r"|describe|getpublickey|creategrant|listgrants|retiregrant|revokegrant).*"
)
_PURPOSES = ("kms:viaservice", "kms:encryptioncontext:", "aws:sourcearn", "aws:sourceaccount")
_WHOSE = ("kms:calleraccount", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths")
_NARROWER = ("aws:principalarn", "kms:viaservice", "kms:encryptioncontext:", "aws:sourcearn", "aws:sourcevpce")


def administers(statement: Statement) -> bool:
    """Whether it hands the key to the account's own IAM: the root principal may change the policy, unconditionally.

    Raises: UnknownValueError.
    """
    return (
        any(_is_root(kind, value) for kind, value, _ in statement.principals())
        and any(matches(action, "kms:PutKeyPolicy") for action, _ in statement.texts("Action"))
        and not any(statement.conditions())
    )


def _is_root(kind: str, value: str) -> bool:
    return kind == "AWS" and account(value) == OWN and is_account(value)


def key_faults(graph: Graph, statement: Statement) -> Iterator[tuple[str, Path]]:
    """What is wrong with an Allow, the account's own root aside: (message, place).

    Raises: UnknownValueError.
    """
    yield from _resource_faults(statement)
    others = [one for one in statement.principals() if not _is_root(*one[:2])]
    if not others:
        return
    is_own = all(kind == "AWS" and account(value) == OWN for kind, value, _ in others)
    actions = list(statement.texts("Action"))
    for action, place in actions:
        low = action.lower()
        if not low.startswith("kms:") and low != "*":
            yield f"{statement.name} grants {action}, which is no action on a key", place
        elif is_wildcard(low) and low not in (*_CUSTOMARY, *(_CONSOLE if is_own else ())):
            yield f"{statement.name} grants {action} to more than the account's root", place
        elif not is_own and not _USES.fullmatch(low):
            yield f"{statement.name} grants {action}, which is no use of the key but its administration", place
    bound = {key for key, _, _ in closing(statement)} | set(_purposes(statement))
    for kind, value, place in others:
        yield from ((message, place) for message in _principal_faults(graph, statement, kind, value, bound))
    grants = any(matches(action, "kms:CreateGrant") and action.lower() not in _CONSOLE for action, _ in actions)
    if grants and not _is_for_aws(statement) and "kms:viaservice" not in bound:
        yield (
            f"{statement.name} lets grants be made to anybody: kms:GrantIsForAWSResource is not asked for",
            statement.path,
        )


def _resource_faults(statement: Statement) -> Iterator[tuple[str, Path]]:
    for value, place in statement.texts("Resource"):
        if value != "*" and ":key/" not in value and value != statement.holder.logical_id:
            yield f'{statement.name} is on {display(value)}; a key policy is on the key itself ("*")', place
    if not statement.has("Resource"):
        yield f'{statement.name} names no resource; a key policy is on the key itself ("*")', statement.path


def _principal_faults(graph: Graph, statement: Statement, kind: str, value: str, bound: set[str]) -> Iterator[str]:
    match kind:
        case "Service":
            if not is_service(graph, value):
                yield f"{statement.name} names {display(value)}, which is no service principal"
            elif not bound & {*_WHOSE, *_PURPOSES} and value not in KEY_WITHOUT_SOURCE:
                yield f"{statement.name} lets {display(value)} use the key for anybody's resources"
            yield from _context_faults(statement, value.split(".")[0])
        case "*":
            if not bound & {*_WHOSE} or not bound & {*_NARROWER}:
                yield f"{statement.name} lets everybody use the key whom no condition on account and purpose keeps out"
        case "AWS" if account(value) != OWN and not bound & {*_PURPOSES}:
            yield f"{statement.name} lets {display(value)} use the key for any purpose: no condition says which"


def _context_faults(statement: Statement, service: str) -> Iterator[str]:
    sent = ENCRYPTION_CONTEXTS.get(service)
    for _, key, _, _ in statement.conditions() if sent else ():
        if key.lower().startswith("kms:encryptioncontext:") and key.lower() != f"kms:encryptioncontext:{sent}":
            yield f"{statement.name}: {service} sends no encryption context {key.split(':', 2)[-1]}"


def _purposes(statement: Statement) -> Iterator[str]:
    """The purposes that conditions demand, values that stand for all or for every account left out."""
    for operator, key, values, _ in statement.conditions():
        for purpose in ("kms:viaservice", "kms:encryptioncontext:"):
            if key.lower().startswith(purpose) and is_positive(operator) and all(map(_is_bound, values)):
                yield purpose


def _is_bound(value: object) -> bool:
    if isinstance(value, Unknown):
        raise UnknownValueError(value)
    text = str(value)
    return text[:1] not in ("*", "?", "") and not (text.startswith("arn:") and is_wildcard(arn_parts(text)[4]))


def _is_for_aws(statement: Statement) -> bool:
    return any(
        operator.lower() == "bool" and key.lower() == "kms:grantisforawsresource" and values in (["true"], [True])
        for operator, key, values, _ in statement.conditions()
    )
