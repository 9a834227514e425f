"""Who makes a call: told by the access key of the request, so that threads and cached clients keep their owner."""

import re
from dataclasses import dataclass
from typing import Any

from stackproof.embedded.errors import AwsError

OPERATOR_KEY = "AKIAOPERATOR00000000"
_CREDENTIAL = re.compile(r"Credential=([A-Z0-9]+)/")


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A caller. `arn` is the IAM role's ARN (the operator: the account root); `session` names one process of it:
    one Lambda invocation, one job attempt."""

    arn: str
    session: str
    kind: str = "role"

    @property
    def is_operator(self) -> bool:
        """The person or pipeline that deploys and looks on; not judged by IAM."""
        return self.kind == "operator"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a process needs in its environment to be known."""

    access_key_id: str
    secret_access_key: str
    session_token: str

    def environment(self) -> dict[str, str]:
        """The three variables that every AWS client reads."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
        }


class Identities:
    """The keys that were handed out, and whose process has died since."""

    def __init__(self, account: str) -> None:
        self.operator = Principal(arn=f"arn:aws:iam::{account}:root", session="operator", kind="operator")
        self._by_key: dict[str, Principal] = {OPERATOR_KEY: self.operator}
        self._dead: set[str] = set()

    def issue(self, role_arn: str, session: str) -> Credentials:
        """Credentials for one process that runs under a role."""
        key = f"ASIA{len(self._by_key):016d}"
        self._by_key[key] = Principal(arn=role_arn, session=session)
        return Credentials(access_key_id=key, secret_access_key="embedded", session_token=f"embedded-{key}")

    def of(self, authorization: str | bytes | None) -> Principal:
        """The caller of a signed request; an unknown key is refused as AWS refuses it."""
        text = authorization.decode() if isinstance(authorization, bytes) else authorization or ""
        found = _CREDENTIAL.search(text)
        principal = self._by_key.get(found.group(1)) if found else None
        if principal is None:
            raise AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", status=403)
        return principal

    def kill(self, session: str) -> None:
        """The process of this session is dead: no later call of it has an effect."""
        self._dead.add(session)

    def is_dead(self, principal: Principal) -> bool:
        """Whether the caller's process was killed."""
        return principal.session in self._dead

    def state(self) -> dict[str, Any]:
        """Plain data for a saved session."""
        return {"by_key": dict(self._by_key), "dead": set(self._dead)}

    def restore(self, state: dict[str, Any]) -> None:
        """Return to saved keys."""
        self._by_key, self._dead = dict(state["by_key"]), set(state["dead"])
