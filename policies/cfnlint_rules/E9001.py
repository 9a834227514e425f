"""No secrets in environment variables"""

from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch

from stackproof.engines.cfnlint.secrets.judge import Judge
from stackproof.engines.cfnlint.secrets.places import environments, faults


class SecretsInEnvironment(CloudFormationLintRule):  # type: ignore[misc]
    """See the catalogue for why and how to fix."""

    id = "E9001"
    shortdesc = "No secrets in environment variables"
    description = "A secret in an environment variable is shown to everybody who may look at the function."
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"
    tags = ("secrets",)

    def population(self, cfn: Any) -> tuple[str, ...]:
        """The resources that the rule speaks of."""
        return tuple(dict.fromkeys(place.resource for place in environments(cfn)))

    def match(self, cfn: Any) -> list[RuleMatch]:
        """A match for each secret."""
        judge = Judge(cfn)
        return [
            RuleMatch(list(fault.path), fault.message) for place in environments(cfn) for fault in faults(place, judge)
        ]
