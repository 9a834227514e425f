"""Secret parameters are not shown and have no default."""

from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch

from stackproof.engines.cfnlint.secrets.declared import faults
from stackproof.engines.cfnlint.secrets.judge import Judge


class SecretsInParameters(CloudFormationLintRule):  # type: ignore[misc]
    """See the catalogue for why and how to fix."""

    id = "E9002"
    shortdesc = "Secret parameters are not shown and have no default"
    description = "A parameter that holds a secret has NoEcho, and neither template nor environment says its value."
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security-best-practices.html"
    tags = ("secrets",)

    def population(self, cfn: Any) -> tuple[str, ...]:
        """The parameters of the template, which the rule judges one by one."""
        return tuple(Judge(cfn).parameters)

    def match(self, cfn: Any) -> list[RuleMatch]:
        """A match for each fault of a parameter."""
        return [RuleMatch(list(fault.path), fault.message) for fault in faults(cfn, Judge(cfn).parameters)]
