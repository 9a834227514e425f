"""Where moto does something else than AWS when resources are made: mended in place, for the session only."""

import functools
from typing import Any
from unittest import mock

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.cloudwatch.models import CloudWatchBackend
from moto.ec2.models.launch_templates import LaunchTemplateBackend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.models.vpcs import VPCBackend
from moto.iam.models import IAMBackend
from moto.s3.models import FakeBucket
from moto.utilities.tagging_service import TaggingService

from stackproof.embedded.seam import Call
from stackproof.embedded.world import World


def correct(world: World) -> None:
    """Apply all corrections; they end with the session (`world.stack`)."""
    for target, name, replacement in _CORRECTIONS:
        world.stack.enter_context(mock.patch.object(target, name, replacement))
    world.seam.amend("s3", "GetObjectLockConfiguration", _lock_without_zeros)


def _wrapped(original: Any, wrapper: Any) -> Any:
    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        return wrapper(original, *args, **kwargs)

    return call


def _rule_with_prefix_list(original: Any, rule: Any, *args: Any, **kwargs: Any) -> None:
    """moto keeps of a prefix list its id alone; keep the description too."""
    original(rule, *args, **kwargs)
    prefix_list = kwargs.get("prefix_list_id") or (args[7] if len(args) > 7 else None)
    rule.described_prefix_list = dict(prefix_list) if prefix_list else None


def _rules_with_prefix_lists(original: Any, group: Any, rules: list[Any]) -> list[Any]:
    views: list[Any] = original(group, rules)
    known = {
        (rule.from_port, rule.to_port, rule.ip_protocol, rule.prefix_list_id): rule.described_prefix_list
        for rule in rules
        if getattr(rule, "described_prefix_list", None)
    }
    for view in views:
        view.prefix_list_ids = [
            known.get((view.from_port, view.to_port, view.ip_protocol, item["PrefixListId"]), item)
            for item in view.prefix_list_ids
        ]
    return views


def _template_without_own_tags(
    original: Any, backend: Any, name: str, description: str, template_data: dict[str, Any], tag_spec: dict[str, Any]
) -> Any:
    """moto mixes the tags of the launch template itself into those that it gives to instances and volumes."""
    if tag_spec:
        template_data["TagSpecifications"] = template_data["TagSpecifications"][: -len(tag_spec)]
        if not template_data["TagSpecifications"]:
            del template_data["TagSpecifications"]
    return original(backend, name, description, template_data, tag_spec)


def _layers_with_foreign(original: Any, function: Any, arns: list[str]) -> list[Any]:
    """A layer of another account cannot be looked into, and is taken to exist; its size is not known here."""
    own = [arn for arn in arns if arn.split(":")[4:5] == [function.account_id]]
    found = {layer["Arn"]: layer for layer in original(function, own)}
    return [found.get(arn, {"Arn": arn, "CodeSize": 0}) for arn in arns]


def _tags_without_cloudformations(original: Any, service: Any, tags: list[dict[str, str]], **kwargs: Any) -> Any:
    """CloudFormation sets its own `aws:cloudformation:` tags, which the services refuse to everybody else."""
    return original(
        service, [tag for tag in tags if not tag.get("Key", "").startswith("aws:cloudformation:")], **kwargs
    )


def _tagged_dashboard(original: Any, backend: Any, arn: str, tags: dict[str, str]) -> None:
    """Dashboards take tags since 2026 (schema `AWS::CloudWatch::Dashboard`); moto knows those of alarms alone."""
    if arn in [dashboard.arn for dashboard in backend.dashboards.values()]:
        backend.tagger.tag_resource(arn, backend.tagger.convert_dict_to_tags_input(tags))
    else:
        original(backend, arn, tags)


def _policies_of_one_partition(original: Any, backend: Any) -> Any:
    """moto makes AWS's 1,500 managed policies anew for each of the partitions that it knows; one is ever asked."""
    return original(backend) if backend.partition == "aws" else []


def _lock_without_zeros(call: Call, parsed: dict[str, Any]) -> dict[str, Any] | None:
    """moto answers with Days and Years, one of them 0; S3 with the one that was set."""
    retention = parsed.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
    zeros = [unit for unit in ("Days", "Years") if retention.get(unit) == 0]
    for unit in zeros:
        del retention[unit]
    return parsed if zeros else None


def _one_event_invoke_config(original: Any, backend: Any, function_name: str, config: dict[str, Any]) -> Any:
    """A put replaces what was; moto adds to a list and answers with its first entry for ever."""
    backend.get_function(function_name).event_invoke_config.clear()
    return original(backend, function_name, config)


def _endpoint_with_routes(original: Any, backend: Any, vpc_id: str, **change: Any) -> None:
    """A gateway endpoint's route tables carry its route; moto writes it when the endpoint is made, and never after."""
    original(backend, vpc_id=vpc_id, **change)
    prefix_list = backend.vpc_end_points[vpc_id].destination_prefix_list_id
    for table in (change.get("add_route_tables") or []) if prefix_list else []:
        backend.create_route(table, None, gateway_id=vpc_id, destination_prefix_list_id=prefix_list)
    for table in (change.get("remove_route_tables") or []) if prefix_list else []:
        backend.delete_route(table, prefix_list)


_CORRECTIONS = (
    (VPCBackend, "modify_vpc_endpoint", _wrapped(VPCBackend.modify_vpc_endpoint, _endpoint_with_routes)),
    (
        LambdaBackend,
        "put_function_event_invoke_config",
        _wrapped(LambdaBackend.put_function_event_invoke_config, _one_event_invoke_config),
    ),
    (IAMBackend, "_init_aws_policies", _wrapped(IAMBackend._init_aws_policies, _policies_of_one_partition)),
    (CloudWatchBackend, "tag_resource", _wrapped(CloudWatchBackend.tag_resource, _tagged_dashboard)),
    (TaggingService, "validate_tags", _wrapped(TaggingService.validate_tags, _tags_without_cloudformations)),
    (LambdaFunction, "_get_layers_data", _wrapped(LambdaFunction._get_layers_data, _layers_with_foreign)),
    (
        LaunchTemplateBackend,
        "create_launch_template",
        _wrapped(LaunchTemplateBackend.create_launch_template, _template_without_own_tags),
    ),
    (SecurityGroupRule, "__init__", _wrapped(SecurityGroupRule.__init__, _rule_with_prefix_list)),
    # S3 looks at the log bucket's policy when it delivers, not when logging is configured (aws-facts 2: bucket -> log
    # bucket, policy -> both); moto would need the policy before the bucket that it names.
    (FakeBucket, "_log_permissions_enabled_policy", staticmethod(lambda target_bucket, target_prefix: True)),
    (SecurityGroup, "_flattened_rules", _wrapped(SecurityGroup._flattened_rules, _rules_with_prefix_lists)),
)
