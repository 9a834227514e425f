"""As whom jobs run."""

from collections.abc import Iterator
from typing import Any

from _batch import JobCheck, containers
from _rules import Fault, boolean, mapping, number, shown, text


class BatchUser(JobCheck):
    """Jobs do not run as root."""

    check_id = "CKV_STACKPROOF_BATCH_USER"

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """Each container that says nothing about its user (the image decides then, mostly for root), or says root."""
        places = list(containers(properties))
        if not places:
            yield Fault(key="Properties", text="no container is declared, so no user either")
        for place in places:
            if place.kubernetes:
                yield from _pod(place.key, mapping(place.container.get("SecurityContext")))
                continue
            user = place.container.get("User")
            name = (str(user) if isinstance(user, int) and not isinstance(user, bool) else text(user) or "").strip()
            account = name.split(":")[0]
            if account in ("", "root") or number(account) == 0:
                said = f"User is {shown(user)}; a job runs as a user of its own, not as root"
                yield Fault(key=f"{place.key}/User", text=said, value=user)


def _pod(key: str, context: dict[str, Any]) -> Iterator[Fault]:
    user = context.get("RunAsUser")
    if user is not None and not number(user):
        said = f"RunAsUser is {shown(user)}; a job runs as a user of its own, not as root"
        yield Fault(key=f"{key}/SecurityContext/RunAsUser", text=said, value=user)
    elif user is None and boolean(context.get("RunAsNonRoot")) is not True:
        given = context.get("RunAsNonRoot")
        said = f"neither RunAsUser is set, nor RunAsNonRoot true (it is {shown(given)})"
        yield Fault(key=f"{key}/SecurityContext/RunAsNonRoot", text=said, value=given)


check = BatchUser()
