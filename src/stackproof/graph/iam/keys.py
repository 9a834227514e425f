"""Statements of key policies. `Resource: "*"` is the key itself there, and no wildcard."""

from collections.abc import Iterator

from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import is_wildcard, matches
from stackproof.graph.iam.data import KEY_WITHOUT_SOURCE
from stackproof.graph.iam.documents import Statement
from stackproof.graph.iam.principals import OWN, account, closing, is_closed
from stackproof.template.model import Path
from stackproof.template.references import display

# What AWS's guides grant by wildcard, because a service uses every form of them (KMS, Key policies for services).
_CUSTOMARY = ("kms:encrypt*", "kms:decrypt*", "kms:reencrypt*", "kms:generatedatakey*", "kms:describe*")
_USES = ("kms:encrypt", "kms:decrypt", "kms:generatedatakey", "kms:reencryptfrom", "kms:creategrant")
_PURPOSES = ("kms:viaservice", "kms:encryptioncontext:", "kms:encryptioncontextkeys", "kms:grantisforawsresource")


def administers(statement: Statement) -> bool:
    """Whether it hands the key to the account's own IAM: the root principal, all actions, no condition.

    Raises: UnknownValueError.
    """
    principals = [(kind, value) for kind, value, _ in statement.principals()]
    is_root = bool(principals) and all(
        kind == "AWS" and account(value) == OWN and value.endswith(("root", OWN)) for kind, value in principals
    )
    return (
        is_root
        and any(matches(action, "kms:PutKeyPolicy") for action, _ in statement.texts("Action"))
        and not any(statement.conditions())
    )


def key_faults(graph: Graph, statement: Statement) -> Iterator[tuple[str, Path]]:
    """What is wrong with an Allow that is not the account's own: (message, place).

    Raises: UnknownValueError.
    """
    actions = list(statement.texts("Action"))
    for action, place in actions:
        if is_wildcard(action) and action.lower() not in _CUSTOMARY:
            yield f"{statement.name} grants {action}, administration included", place
        elif not action.lower().startswith("kms:"):
            yield f"{statement.name} grants {action}, which is no action on a key", place
    for value, place in statement.texts("Resource"):
        if value != "*" and ":key/" not in value and value != statement.holder.logical_id:
            yield f'{statement.name} is on {display(value)}; a key policy is on the key itself ("*")', place
    if next(statement.listed("Resource"), None) is None:
        yield f'{statement.name} names no resource; a key policy is on the key itself ("*")', statement.path
    has_purpose = any(_is_purpose(key, values) for _, key, values, _ in statement.conditions())
    for kind, value, place in statement.principals():
        is_use = any(matches(action, use) for action, _ in actions for use in _USES)
        if kind == "Service":
            if not is_closed(statement) and not has_purpose and value not in KEY_WITHOUT_SOURCE:
                yield f"{statement.name} lets {value} use the key for anybody's resources", place
        elif kind == "AWS" and is_use and not has_purpose and not _closes(statement, place):
            yield f"{statement.name} lets {display(value)} use the key for any purpose: no condition says which", place
    if any(matches(action, "kms:CreateGrant") for action, _ in actions) and not _for_aws(statement):
        yield (
            f"{statement.name} lets grants be made to anybody: kms:GrantIsForAWSResource is not asked for",
            statement.path,
        )


def _closes(statement: Statement, place: Path) -> bool:
    return (
        any(key in ("kms:calleraccount", "aws:principalarn") for key, _, _ in closing(statement))
        and "Principal" in place
    )


def _is_purpose(key: str, values: list[object]) -> bool:
    return key.lower().startswith(_PURPOSES) and all(not isinstance(v, str) or bool(v.strip("*?")) for v in values)


def _for_aws(statement: Statement) -> bool:
    return any(
        operator.lower() == "bool" and key.lower() == "kms:grantisforawsresource" and values in (["true"], [True])
        for operator, key, values, _ in statement.conditions()
    )
