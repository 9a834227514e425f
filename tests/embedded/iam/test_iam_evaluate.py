"""Which policies together allow a request: within the account, between accounts, keys, services, denies."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.conditions import Keys
from stackproof.embedded.iam.evaluate import Caller, Policies, Request, Verdict, judge
from stackproof.embedded.iam.policy import parse_policy
from tests.embedded.iam.support import ACCOUNT, ROOT, allow, deny, document

ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/worker"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/run-1"
WORKER = Caller(arn=ROLE, session_arn=SESSION, account=ACCOUNT)
EVENTS = Caller(arn="events.amazonaws.com")
ARN = "arn:aws:sqs:eu-central-1:123456789012:letters"
OTHERS = "arn:aws:iam::123456789012:role/other"
GRANT = allow("sqs:SendMessage", ARN, Sid="Grant")


def verdict(
    identity: tuple[dict[str, Any], ...] = (),
    resource: tuple[dict[str, Any], ...] = (),
    *,
    caller: Caller = WORKER,
    keys: Keys | None = None,
    **policies: bool,
) -> Verdict:
    request = Request(caller=caller, action="sqs:SendMessage", resource=ARN, keys=keys or Keys())
    return judge(
        request,
        Policies(
            identity=parse_policy("own", document(*identity)),
            resource=parse_policy("queue", document(*resource)),
            **policies,
        ),
    )


def names(found: Verdict) -> list[str]:
    return [statement.name for statement in found.statements]


def to(principal: Any, **more: Any) -> dict[str, Any]:
    return allow("sqs:SendMessage", ARN, Principal=principal, Sid="To", **more)


def test_nothing_allows() -> None:
    found = verdict()
    assert (found.allowed, names(found)) == (False, [])
    assert found.because == "because no identity-based policy allows the sqs:SendMessage action"


def test_an_identity_policy_is_enough() -> None:
    found = verdict((GRANT,))
    assert (found.allowed, names(found)) == (True, ["own/Grant"])


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ROLE}, {"AWS": [OTHERS, SESSION]}])
def test_a_resource_policy_that_names_the_role_is_enough(principal: Any) -> None:
    found = verdict((), (to(principal),))
    assert (found.allowed, names(found)) == (True, ["queue/To"])


@pytest.mark.parametrize(
    "principal",
    [{"AWS": ROOT}, {"AWS": ACCOUNT}, {"AWS": OTHERS}, {"Service": "sqs.amazonaws.com"}, {"Federated": ROLE}],
)
def test_a_resource_policy_that_names_the_account_or_another_is_not(principal: Any) -> None:
    assert not verdict((), (to(principal),)).allowed


def test_both_kinds_of_statements_are_told_when_both_allow() -> None:
    assert names(verdict((GRANT,), (to("*"),))) == ["own/Grant", "queue/To"]


@pytest.mark.parametrize("principal", ["*", {"AWS": ROOT}, {"AWS": ACCOUNT}, {"AWS": ROLE}])
def test_a_deny_of_the_resource_wins(principal: Any) -> None:
    found = verdict((GRANT,), (to("*"), deny("sqs:*", ARN, Principal=principal, Sid="Stop")))
    assert (found.allowed, names(found)) == (False, ["queue/Stop"])
    assert found.because == "with an explicit deny in a resource-based policy"


def test_a_deny_of_the_role_wins() -> None:
    found = verdict((GRANT, deny("sqs:Send*", Sid="Stop")), (to("*"),))
    assert (found.allowed, names(found)) == (False, ["own/Stop"])
    assert found.because == "with an explicit deny in an identity-based policy"


def test_a_deny_for_others_does_not_count() -> None:
    assert verdict((GRANT,), (deny("sqs:*", ARN, Principal={"AWS": OTHERS}),)).allowed


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        (allow("SQS:sendmessage", ARN), True),
        (allow("sqs:Receive*", ARN), False),
        (allow("sqs:SendMessage", ARN.replace("letters", "Letters")), False),
        (allow("sqs:SendMessage", "arn:aws:sqs:*:*:let*"), True),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": "*", "NotResource": ARN}, False),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:sqs:*:*:other"}, True),
        (allow("sqs:SendMessage", "arn:aws:sqs:*:${aws:PrincipalAccount}:letters"), True),
        (allow("sqs:SendMessage", "arn:aws:sqs:*:*:${aws:username}"), False),
    ],
)
def test_actions_and_resources(statement: dict[str, Any], allowed: bool) -> None:
    keys = Keys(values={"aws:principalaccount": (ACCOUNT,)})
    assert verdict((statement,), keys=keys).allowed is allowed


def test_all_conditions_must_hold() -> None:
    both = {"StringEquals": {"a": "1", "b": "2"}}
    for values, allowed in (({"a": ("1",), "b": ("2",)}, True), ({"a": ("1",)}, False)):
        assert verdict(({**GRANT, "Condition": both},), keys=Keys(values=values)).allowed is allowed


def test_what_is_unknown_only_matters_where_it_decides() -> None:
    statement = {**GRANT, "Condition": {"StringEquals": {"a": "1"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
    unknown = frozenset({"aws:sourceip"})
    assert not verdict((statement,), keys=Keys(values={"a": ("2",)}, unknown=unknown)).allowed
    with pytest.raises(EmbeddedError, match="aws:sourceip"):
        verdict((statement,), keys=Keys(values={"a": ("1",)}, unknown=unknown))


@pytest.mark.parametrize(
    ("identity", "resource", "allowed"),
    [
        ((GRANT,), (), False),
        ((GRANT,), (to({"AWS": ROOT}),), True),
        ((), (to({"AWS": ROOT}),), False),
        ((), (to({"AWS": ROLE}),), True),
        ((), (to({"AWS": "*"}),), True),
        ((GRANT,), (to({"AWS": OTHERS}),), False),
    ],
)
def test_a_keys_policy_is_always_needed(identity: Any, resource: Any, allowed: bool) -> None:
    assert verdict(identity, resource, needed=True).allowed is allowed


@pytest.mark.parametrize(
    ("identity", "resource", "allowed"),
    [
        ((GRANT,), (), False),
        ((), (to({"AWS": ROLE}),), False),
        ((GRANT,), (to({"AWS": ROLE}),), True),
        ((GRANT,), (to({"AWS": ROOT}),), True),
        ((GRANT,), (to("*"),), True),
    ],
)
@pytest.mark.parametrize("needed", [False, True])
def test_between_accounts_both_must_allow(identity: Any, resource: Any, allowed: bool, needed: bool) -> None:
    assert verdict(identity, resource, same_account=False, needed=needed).allowed is allowed


def test_a_missing_resource_policy_is_told_as_such() -> None:
    found = verdict((GRANT,), needed=True)
    assert found.because == "because no resource-based policy allows the sqs:SendMessage action"


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        ((), False),
        ((to({"Service": "events.amazonaws.com"}),), True),
        ((to({"Service": "sns.amazonaws.com"}),), False),
        ((to({"AWS": ROOT}),), False),
        ((to("*"),), True),
        ((to("*"), deny("*", Principal="*")), False),
    ],
)
def test_a_service_is_judged_by_the_resources_policy_alone(resource: Any, allowed: bool) -> None:
    assert verdict((GRANT,), resource, caller=EVENTS).allowed is allowed


def test_a_deny_by_exception_spares_only_those_it_lists_in_full() -> None:
    def stop(*principals: str) -> dict[str, Any]:
        return {"Effect": "Deny", "NotPrincipal": {"AWS": list(principals)}, "Action": "*", "Resource": "*"}

    assert verdict((GRANT,), (stop(ROLE, SESSION, ROOT),)).allowed
    assert not verdict((GRANT,), (stop(OTHERS, ROOT),)).allowed
    with pytest.raises(EmbeddedError, match="NotPrincipal"):
        verdict((GRANT,), (stop(ROLE),))


def test_a_service_can_be_excepted_too() -> None:
    stop = {"Effect": "Deny", "NotPrincipal": {"Service": EVENTS.arn}, "Action": "*", "Resource": "*"}
    assert verdict((), (to({"Service": EVENTS.arn}), stop), caller=EVENTS).allowed
    assert not verdict((GRANT,), (stop,)).allowed


def test_a_resource_policy_without_principals_is_an_error() -> None:
    with pytest.raises(EmbeddedError, match="queue/Grant"):
        verdict((), (GRANT,))


RESOURCES = ["*", ARN, "arn:aws:sqs:*:*:l*", "arn:aws:sqs:*:*:other"]
PRINCIPALS: list[Any] = ["*", {"AWS": ROLE}, {"AWS": ROOT}, {"AWS": OTHERS}, {"Service": EVENTS.arn}]
OWN = st.builds(
    lambda effect, action, resource: {"Effect": effect, "Action": action, "Resource": resource},
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(["*", "sqs:*", "sqs:SendMessage", "s3:*"]),
    st.sampled_from(RESOURCES),
)
THEIRS = st.builds(lambda statement, principal: {**statement, "Principal": principal}, OWN, st.sampled_from(PRINCIPALS))
ANY = {"identity": st.lists(OWN, max_size=3).map(tuple), "resource": st.lists(THEIRS, max_size=3).map(tuple)}


@given(**ANY, more=OWN, same=st.booleans(), needed=st.booleans())
def test_a_statement_more_moves_the_answer_only_its_own_way(
    identity: Any, resource: Any, more: dict[str, Any], same: bool, needed: bool
) -> None:
    before = verdict(identity, resource, same_account=same, needed=needed).allowed
    after = verdict((*identity, more), resource, same_account=same, needed=needed).allowed
    assert after >= before if more["Effect"] == "Allow" else after <= before


@given(**ANY)
def test_what_is_allowed_between_accounts_or_for_a_key_is_allowed_within_one_account(
    identity: Any, resource: Any
) -> None:
    within = verdict(identity, resource).allowed
    assert within >= verdict(identity, resource, needed=True).allowed
    assert within >= verdict(identity, resource, same_account=False).allowed


@given(**ANY)
def test_a_verdict_names_statements_of_its_own_kind(identity: Any, resource: Any) -> None:
    found = verdict(identity, resource)
    assert all(statement.allow is found.allowed for statement in found.statements)
    assert found.statements or not found.allowed
