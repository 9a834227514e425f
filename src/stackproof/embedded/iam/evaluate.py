"""The decision on one request. Pure.

IAM User Guide, "Policy evaluation logic": an explicit deny wins; within an account an identity policy or a resource
policy that names the caller is enough; between accounts both are needed; a key's policy is always needed. Organisation
policies, session policies and VPC endpoint policies take no part here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.conditions import Condition, Keys, holds
from stackproof.embedded.iam.match import expand, matches, resource_matches
from stackproof.embedded.iam.policy import Statement


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks: a role (`arn`, its session's ARN and account) or an AWS service (`arn` is its name, no account)."""

    arn: str
    session_arn: str = ""
    account: str = ""

    @property
    def is_service(self) -> bool:
        """Whether an AWS service calls as itself."""
        return not self.account


@dataclass(frozen=True, kw_only=True)
class Request:
    """One question: may this caller do this action to this resource? `resource` is `*` where the action knows none."""

    caller: Caller
    action: str
    resource: str
    keys: Keys


@dataclass(frozen=True, kw_only=True)
class Policies:
    """What is evaluated: the caller's statements, and those of the resource (empty when it has no policy).
    `same_account`: caller and resource belong to one account; `needed`: the resource's policy must allow too (keys)."""

    identity: Sequence[Statement] = ()
    resource: Sequence[Statement] = ()
    same_account: bool = True
    needed: bool = False


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`statements` are those that decided: the denying ones, or the allowing ones; empty when none allows.
    `because` is the end of AWS's sentence."""

    allowed: bool
    statements: tuple[Statement, ...] = ()
    because: str = ""


class _Named(Enum):
    NO = 0
    ACCOUNT = 1
    DIRECTLY = 2


def judge(request: Request, policies: Policies) -> Verdict:
    """The decision by these policies.

    Raises: EmbeddedError when it depends on something that the embedded AWS does not know.
    """
    identity = [s for s in policies.identity if not request.caller.is_service and applies(s, request)]
    named = [(s, _named(s, request.caller)) for s in policies.resource]
    resource = [(s, how) for s, how in named if how != _Named.NO and applies(s, request)]
    for kind, statements in (("an identity", identity), ("a resource", [s for s, _ in resource])):
        if denying := tuple(s for s in statements if not s.allow):
            return Verdict(allowed=False, statements=denying, because=f"with an explicit deny in {kind}-based policy")
    own = tuple(s for s in identity if s.allow)
    account = tuple(s for s, how in resource if s.allow and how == _Named.ACCOUNT)
    direct = tuple(s for s, how in resource if s.allow and how == _Named.DIRECTLY)
    return _allow(request, policies, own=own, account=account, direct=direct)


def _allow(
    request: Request,
    policies: Policies,
    *,
    own: tuple[Statement, ...],
    account: tuple[Statement, ...],
    direct: tuple[Statement, ...],
) -> Verdict:
    same = policies.same_account and not policies.needed
    if direct and (policies.same_account or request.caller.is_service):
        return Verdict(allowed=True, statements=(*own, *direct) if same else direct)
    if own and (same or account or direct):
        return Verdict(allowed=True, statements=own if same else (*own, *account, *direct))
    resource_is_missing = request.caller.is_service or not (same or account or direct)
    kind = "resource" if resource_is_missing else "identity"
    return Verdict(allowed=False, because=f"because no {kind}-based policy allows the {request.action} action")


def applies(statement: Statement, request: Request) -> bool:
    """Whether a statement speaks about this action and resource under these conditions (its principals left aside)."""
    action = any(matches(pattern, request.action, ignore_case=True) for pattern in statement.actions)
    if action == statement.not_actions:
        return False
    if _covers(statement, request) == statement.not_resources:
        return False
    return _all_hold(statement.conditions, request.keys)


def _covers(statement: Statement, request: Request) -> bool:
    for pattern in statement.resources:
        expanded = expand(pattern, request.keys.variable) if statement.variables else pattern
        if expanded is not None and resource_matches(expanded, request.resource):
            return True
    return False


def _all_hold(conditions: Iterable[Condition], keys: Keys) -> bool:
    known = sorted(conditions, key=lambda condition: keys.is_unknown(condition.key))
    return all(holds(condition, keys) for condition in known)


def _named(statement: Statement, caller: Caller) -> _Named:
    principals = statement.principals
    if principals is None:
        raise EmbeddedError(f"The statement {statement.name} of a resource policy has no Principal.")
    if statement.not_principals:
        return _Named.NO if _excepted(statement, principals, caller) else _Named.DIRECTLY
    if ("AWS", "*") in principals:
        return _Named.DIRECTLY
    if caller.is_service:
        return _Named.DIRECTLY if ("Service", caller.arn) in principals else _Named.NO
    names = {value for kind, value in principals if kind == "AWS"}
    if names & {caller.arn, caller.session_arn}:
        return _Named.DIRECTLY
    return _Named.ACCOUNT if names & _account(caller) else _Named.NO


def _account(caller: Caller) -> set[str]:
    partition = caller.arn.split(":")[1]
    return {caller.account, f"arn:{partition}:iam::{caller.account}:root"}


def _excepted(statement: Statement, principals: tuple[tuple[str, str], ...], caller: Caller) -> bool:
    """A role is excepted from NotPrincipal when its ARN, its session's and its account's are all listed."""
    if caller.is_service:
        return ("Service", caller.arn) in principals
    names = {value for _, value in principals}
    listed = (caller.arn in names, caller.session_arn in names, bool(names & _account(caller)))
    if not (listed[0] or listed[1]):
        return False
    if not all(listed):
        raise EmbeddedError(f"{statement.name}: NotPrincipal must list a role with its session and its account.")
    return True
