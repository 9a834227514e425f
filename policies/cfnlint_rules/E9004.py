"""No secrets in job definitions"""

from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch

from stackproof.engines.cfnlint.secrets.judge import Judge
from stackproof.engines.cfnlint.secrets.places import faults, jobs


class SecretsInJobDefinitions(CloudFormationLintRule):  # type: ignore[misc]
    """See the catalogue for why and how to fix."""

    id = "E9004"
    shortdesc = "No secrets in job definitions"
    description = (
        "The environment, command and parameters of a job definition are shown to everybody who may see one job."
    )
    source_url = "https://docs.aws.amazon.com/batch/latest/userguide/specifying-sensitive-data.html"
    tags = ("secrets",)

    def population(self, cfn: Any) -> tuple[str, ...]:
        """The resources that the rule speaks of."""
        return tuple(dict.fromkeys(place.resource for place in jobs(cfn)))

    def match(self, cfn: Any) -> list[RuleMatch]:
        """A match for each secret."""
        judge = Judge(cfn)
        return [RuleMatch(list(fault.path), fault.message) for place in jobs(cfn) for fault in faults(place, judge)]
