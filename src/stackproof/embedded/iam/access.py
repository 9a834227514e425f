"""The port `Access` over the deployed policies, and the interceptor that judges every call of a role."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from unittest import mock

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.iam import context
from stackproof.embedded.iam.conditions import Keys
from stackproof.embedded.iam.denial import denial, sentence
from stackproof.embedded.iam.deployed import Deployed, Document, as_text
from stackproof.embedded.iam.encryption import implied
from stackproof.embedded.iam.evaluate import Caller, Policies, Request, Verdict, judge
from stackproof.embedded.iam.operations.entry import Need
from stackproof.embedded.iam.policy import Statement, parse_policy
from stackproof.embedded.iam.records import Decided, Grant, IamState
from stackproof.embedded.iam.requests import needs, unknown_keys
from stackproof.embedded.identity import Principal
from stackproof.embedded.ports import Context, Decision
from stackproof.embedded.seam import Call
from stackproof.embedded.world import World

_READS = frozenset({"s3:GetObject", "s3:GetObjectVersion"})
_NO_SOURCE = ("events.amazonaws.com", "sns")


class Iam:
    """IAM of the account; `check` belongs on the seam, as an interceptor."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._deployed = Deployed(world.account)
        self._parsed: dict[tuple[str, str], tuple[Statement, ...]] = {}
        self._left_out: list[Grant] = []
        # moto judges bucket policies without their conditions; here they are judged in full.
        neutral = mock.patch.object(FakeBucket, "get_permission", _neutral)
        world.stack.enter_context(neutral)

    @property
    def decisions(self) -> Mapping[Decided, int]:
        """Every decision so far, with how often it was made, in order of first occurrence."""
        return self._state().decisions

    def check(self, call: Call) -> None:
        """Judge a call of a role.

        Raises: AwsError as the service denies; EmbeddedError for an operation that the table does not know, or when
            the decision depends on something the embedded AWS cannot know.
        """
        if call.principal.is_operator:
            return
        for need in needs(call.service, call.operation, call.parameters, self._deployed):
            self._require(call, need, by="call")
            _, asked = implied(need, self._deployed, call.parameters, call.operation)
            for key_need in asked:
                self._require(call, key_need, by="implied")
            if need.action in _READS:
                self._require_existence(call, need)

    def decide(self, principal: Principal, action: str, resource: str, context: Context) -> Decision:
        """One request of a role; see `ports.Access`. Nothing is asked of keys."""
        need = Need(action=action, resource=resource, context=_values(context))
        _, verdict = self._judge(principal, need, by="service")
        names = ", ".join(statement.name for statement in verdict.statements)
        return Decision(allowed=verdict.allowed, reason=names or verdict.because)

    def require_role(self, role_arn: str, action: str, resource: str, context: Context | None = None) -> None:
        """What an AWS service does with a role, the keys of the resource included; see `ports.Access`."""
        principal = Principal(arn=role_arn, session="service")
        need = Need(action=action, resource=resource, context=_values(context or {}))
        _, asked = implied(need, self._deployed, {}, "")
        for one in (need, *asked):
            request, verdict = self._judge(principal, one, by="service")
            if not verdict.allowed:
                raise AwsError("AccessDenied", sentence("", one, request, verdict), status=403)

    def require_service(self, service: str, action: str, resource: str, *, source_arn: str) -> None:
        """What an AWS service does as itself, the keys of the resource included; see `ports.Access`."""
        source = context.of_source(service, action, source_arn, self._world.account)
        need = Need(action=action, resource=resource)
        self._require_service(service, need, source)
        encryption, asked = implied(need, self._deployed, {}, "")
        if encryption is not None and encryption.key is None:
            message = f"{service} may not use the AWS managed key of {resource}; nobody can let it."
            raise AwsError("AccessDenied", message, status=403)
        told = {} if (service, action.partition(":")[0]) == _NO_SOURCE else source
        for one in asked:
            self._require_service(service, one, told)

    def add_external(self, arn: str, *, policies: Sequence[Document]) -> None:
        """Make an identity known that is not deployed here (a producer's role), with its own policy documents; a role
        that is deployed has them besides its own."""
        documents = {f"external-{number}": as_text(document) for number, document in enumerate(policies)}
        for name, text in documents.items():
            parse_policy(name, text)
        self._state().external[arn] = documents

    def grants(self, role_arn: str) -> list[Grant]:
        """The Allow statements of a role, inline and managed, in order."""
        return [
            Grant(role_arn=role_arn, policy=s.policy, index=s.index, sid=s.sid, statement=s.text)
            for s in self._statements(self._policies(role_arn))
            if s.allow
        ]

    @contextmanager
    def without(self, role_arn: str, statement: Grant | str) -> Iterator[Grant]:
        """Judge as if one Allow statement of a role were not there; `statement` is a grant, its name or its Sid.

        Raises: EmbeddedError when the role has no such statement, or more than one.
        """
        found = [g for g in self.grants(role_arn) if statement in (g, g.name, g.sid)]
        if len(found) != 1:
            raise EmbeddedError(f"{role_arn} has {len(found)} Allow statements {statement!r}, not one.")
        self._left_out.append(found[0])
        try:
            yield found[0]
        finally:
            self._left_out.remove(found[0])

    def forget(self) -> None:
        """Drop what was parsed; the policies are read again."""
        self._parsed.clear()

    def _state(self) -> IamState:
        return self._world.state("iam", IamState)

    def _require(self, call: Call, need: Need, *, by: str) -> None:
        request, verdict = self._judge(call.principal, need, by=by)
        if not verdict.allowed:
            raise denial(call.service, call.operation, need, request, verdict)

    def _require_existence(self, call: Call, need: Need) -> None:
        """A missing object is a 404 only for who may list the bucket, else a 403 (API GetObject); the key counts as
        the prefix asked for (public code: kopia/kopia#3072)."""
        bucket, _, key = need.resource.split(":", 5)[5].partition("/")
        version = need.context.get("s3:versionid", (None,))[0]
        if self._deployed.bucket(bucket) is None or self._deployed.object(bucket, key, version) is not None:
            return
        listing = Need(action="s3:ListBucket", resource=need.resource.partition("/")[0], context={"s3:prefix": (key,)})
        self._require(call, listing, by="implied")

    def _require_service(self, service: str, need: Need, source: Mapping[str, tuple[str, ...]]) -> None:
        caller = Caller(arn=service)
        shared = context.of_service(service, need.resource, self._world)
        own = {key: value for key, value in need.context.items() if key != "kms:viaservice"}
        values = {**shared, **source, **own}
        # What KMS sees as the service in between when another service is the caller is not documented.
        unknown = {"kms:viaservice", "kms:calleraccount"} if need.via else set()
        keys = Keys(values=values, unknown=context.UNKNOWN | unknown_keys(need.action) | unknown)
        request = Request(caller=caller, action=need.action, resource=need.resource, keys=keys)
        verdict = judge(request, Policies(resource=self._resource_statements(need.resource)))
        self._record(request, {**source, **own}, verdict, by="service")
        if not verdict.allowed:
            raise AwsError("AccessDenied", sentence("", need, request, verdict), status=403)

    def _judge(self, principal: Principal, need: Need, *, by: str) -> tuple[Request, Verdict]:
        role = self._deployed.identity(principal.arn)
        caller = context.caller(principal)
        values = {**context.of_role(principal, caller, role, need, self._world), **need.context}
        unknown = context.UNKNOWN | unknown_keys(need.action) | need.unknown
        keys = Keys(values=values, unknown=unknown - set(values))
        request = Request(caller=caller, action=need.action, resource=need.resource, keys=keys)
        policies = Policies(
            identity=self._statements(self._policies(principal.arn), self._left_out, principal.arn),
            resource=self._resource_statements(need.resource),
            same_account=caller.account == self._world.account.id,
            needed=need.action.startswith("kms:"),
        )
        verdict = judge(request, policies)
        self._record(request, need.context, verdict, by=by)
        return request, verdict

    def _policies(self, role_arn: str) -> Mapping[str, Document]:
        role = self._deployed.identity(role_arn)
        external = self._state().external.get(role_arn)
        if role is None and external is None and ":role/aws-service-role/" in role_arn:
            return {}  # AWS's own policies open nothing that a customer's key or resource policy guards
        if role is None and external is None:
            raise EmbeddedError(f"{role_arn} is no role of the embedded AWS; make it known with add_external.")
        return {**(role.policies if role else {}), **(external or {})}

    def _statements(
        self, policies: Mapping[str, Document], left_out: Sequence[Grant] = (), role_arn: str = ""
    ) -> list[Statement]:
        gone = {(g.policy, g.index) for g in left_out if g.role_arn == role_arn}
        found = [s for name, document in policies.items() for s in self._parse(name, document)]
        return [s for s in found if (s.policy, s.index) not in gone] if gone else found

    def _resource_statements(self, resource: str) -> tuple[Statement, ...]:
        document = self._deployed.resource_policy(resource)
        return self._parse(f"policy of {context.owner(resource)}", document) if document else ()

    def _parse(self, name: str, document: Document) -> tuple[Statement, ...]:
        key = (name, as_text(document))
        if key not in self._parsed:
            self._parsed[key] = parse_policy(name, document)
        return self._parsed[key]

    def _record(self, request: Request, own: Mapping[str, tuple[str, ...]], verdict: Verdict, *, by: str) -> None:
        decided = Decided(
            principal=request.caller.arn,
            action=request.action,
            resource=request.resource,
            context=tuple(sorted(own.items())),
            allowed=verdict.allowed,
            statements=tuple(statement.name for statement in verdict.statements),
            by=by,
        )
        decisions = self._state().decisions
        decisions[decided] = decisions.get(decided, 0) + 1


def _values(given: Context) -> dict[str, tuple[str, ...]]:
    return {k.lower(): (v,) if isinstance(v, str) else tuple(v) for k, v in given.items()}


def _neutral(_bucket: FakeBucket, _action: str, _resource: str) -> PermissionResult:
    return PermissionResult.NEUTRAL
