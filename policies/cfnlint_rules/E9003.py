"""No secrets in user data"""

from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch

from stackproof.engines.cfnlint.secrets.judge import Judge
from stackproof.engines.cfnlint.secrets.places import faults, user_data


class SecretsInUserData(CloudFormationLintRule):  # type: ignore[misc]
    """See the catalogue for why and how to fix."""

    id = "E9003"
    shortdesc = "No secrets in user data"
    description = "User data and cfn-init's metadata are read by every process on the instance."
    source_url = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html"
    tags = ("secrets",)

    def population(self, cfn: Any) -> tuple[str, ...]:
        """The resources that the rule speaks of."""
        return tuple(dict.fromkeys(place.resource for place in user_data(cfn)))

    def match(self, cfn: Any) -> list[RuleMatch]:
        """A match for each secret."""
        judge = Judge(cfn)
        return [
            RuleMatch(list(fault.path), fault.message) for place in user_data(cfn) for fault in faults(place, judge)
        ]
