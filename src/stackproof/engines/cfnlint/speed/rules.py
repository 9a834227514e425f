"""The walk over rules and resources, without asking each rule about each resource that it has nothing to say of."""

from typing import Any

from cfnlint.rules import CloudFormationLintRule, Rules
from cfnlint.template.template import Template

_get_valid_getatts = Template.get_valid_getatts
_plain = CloudFormationLintRule.match_resource_properties


def _link(rules: Any) -> None:
    for rule_id, rule in rules.data.items():
        rule.__dict__.pop("_stackproof_by_keyword", None)
        for key in rule.child_rules:
            if key in rules.data:
                rule.child_rules[key] = rules.data[key]
        for parent in rule.parent_rules:
            if parent in rules.data:
                rules.data[parent].child_rules[rule_id] = rule


def _run(self: Any, filename: Any, cfn: Any, config: Any) -> Any:
    enabled = set()
    for rule_id, rule in self.data.items():
        rule.configure(config.configure_rules.get(rule_id, None), config.include_experimental)
        rule.initialize(cfn)
        if self.is_rule_enabled(rule_id, config):
            enabled.add(rule_id)
    _link(self)

    def run(rule_id: str, check: Any, *arguments: Any) -> Any:
        matches = self.run_check(check, filename, rule_id, config, enabled, filename, cfn, *arguments)
        return self._filter_matches(enabled, matches)

    for rule_id, rule in self.data.items():
        yield from run(rule_id, rule.matchall)
    for_properties = [
        (rule_id, rule)
        for rule_id, rule in self.data.items()
        if type(rule).matchall_resource_properties is not CloudFormationLintRule.matchall_resource_properties
        or type(rule).match_resource_properties is not _plain
    ]
    for name, resource in cfn.get_resources().items():
        kind, properties = resource.get("Type"), resource.get("Properties")
        if isinstance(kind, str) and isinstance(properties, dict):
            for rule_id, rule in for_properties:
                path = ["Resources", name, "Properties"]
                yield from run(rule_id, rule.matchall_resource_properties, properties, kind, path)


def _getatts_once(self: Any) -> Any:
    kept = self.__dict__.get("_stackproof_getatts")
    if kept is None or kept[0] is not self.context.resources:
        kept = self.__dict__["_stackproof_getatts"] = (self.context.resources, _get_valid_getatts(self))
    return kept[1]


def install() -> None:
    """Put these in the place of cfn-lint's."""
    Rules.run = _run
    Template.get_valid_getatts = _getatts_once
