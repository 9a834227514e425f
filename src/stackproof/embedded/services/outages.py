"""Outages of single resources, on demand: a queue that takes no message, a target that does not answer."""

from stackproof.embedded.errors import AwsError
from stackproof.embedded.world import World


class Outages:
    """How often the next uses of a resource by AWS services are still to fail; `part` names whose they are."""

    def __init__(self, world: World, part: str) -> None:
        self._world, self._part = world, part

    def plan(self, arn: str, times: int) -> None:
        """Let the next `times` uses fail; 0 ends the outage."""
        self._left()[arn] = times

    def meet(self, arn: str) -> None:
        """One use.

        Raises: AwsError InternalFailure, retryable, during an outage.
        """
        left = self._left()
        if left.get(arn, 0) > 0:
            left[arn] -= 1
            raise AwsError("InternalFailure", f"{arn} is unavailable.", status=500)

    def _left(self) -> dict[str, int]:
        return self._world.state(f"{self._part}.outages", dict[str, int])
