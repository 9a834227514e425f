"""Faults seeded into the network of the stack: the rule that is for it finds each, at its place."""

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackproof import deployment
from stackproof.engines.graph import GraphEngine, load_rule
from stackproof.engines.protocol import Subject
from stackproof.findings.outcome import Outcome
from stackproof.template.expand import expand
from stackproof.template.model import Source
from stackproof.template.read import read

ROOT = Path(__file__).parents[3]
THRESHOLDS = yaml.safe_load((ROOT / "policies" / "thresholds.yaml").read_text(encoding="utf-8"))
GONE = object()


@cache
def source() -> Source:
    return read(ROOT / "template" / "stack.yaml")


def judged(data: dict[str, Any], rule: str, environment: str) -> set[str | None]:
    """What does not pass a rule."""
    given = deployment.load(ROOT / "template" / "environments" / f"{environment}.yaml").parameters
    (template,) = expand(Source(path="m", text="", sha256="", data=data, spans={}), given)
    loaded = load_rule(ROOT / "policies" / "graph" / f"{rule}.py")
    subject = Subject(key="s", template=template, rendered={})
    results = GraphEngine().judge(subject, [loaded], THRESHOLDS)
    return {result.resource for result in results if result.outcome is not Outcome.PASS}


def changed(name: str, path: str, value: Any) -> dict[str, Any]:
    """The stack with one property otherwise, or without it, or without the resource when there is no path."""
    data = {**source().data, "Resources": dict(source().data["Resources"])}
    if not path:
        del data["Resources"][name]
        return data
    body = data["Resources"][name] = copy.deepcopy(data["Resources"][name])
    *way, last = ("Properties", *(int(step) if step.isdigit() else step for step in path.split("/")))
    for step in way:
        body = body[step]
    if value is GONE:
        del body[last]
    else:
        body[last] = value
    return data


WORLD = "0.0.0.0/0"
POLICY = "PolicyDocument/Statement"
# name of the resource, its property, its new value, the rule, what fails, the environment
FAULTS: list[tuple[str, str, Any, str, str, str]] = [
    ("EndpointSecurityGroup", "SecurityGroupIngress/0/CidrIp", WORLD, "open_ingress", "EndpointSecurityGroup", "prod"),
    ("EndpointSecurityGroup", "SecurityGroupIngress/0/FromPort", 0, "open_ingress", "EndpointSecurityGroup", "prod"),
    ("EndpointSecurityGroup", "SecurityGroupEgress", GONE, "explicit_egress", "EndpointSecurityGroup", "prod"),
    (
        "EndpointSecurityGroup",
        "SecurityGroupEgress/0/CidrIp",
        WORLD,
        "explicit_egress",
        "EndpointSecurityGroup",
        "prod",
    ),
    ("ComputeSecurityGroup", "SecurityGroupEgress", [], "explicit_egress", "ComputeSecurityGroup", "prod"),
    ("ComputeSecurityGroup", "SecurityGroupEgress/0/ToPort", 44300, "explicit_egress", "ComputeSecurityGroup", "prod"),
    ("ComputeToEndpointsEgress", "FromPort", 0, "explicit_egress", "ComputeToEndpointsEgress", "prod"),
    ("PublicSubnetB", "MapPublicIpOnLaunch", True, "public_addresses", "PublicSubnetB", "prod"),
    ("PrivateSubnetA", "AvailabilityZone", GONE, "several_zones", "ComputeEnvironment", "prod"),
    ("ComputeEnvironment", "ComputeResources/Subnets/1", GONE, "several_zones", "ComputeEnvironment", "prod"),
    ("LogsEndpoint", "SubnetIds/0", GONE, "several_zones", "LogsEndpoint", "prod"),
    ("EcrApiEndpoint", "PolicyDocument", GONE, "vpc_endpoint_policy", "EcrApiEndpoint", "prod"),
    ("EcsEndpoint", f"{POLICY}/1/Condition", GONE, "vpc_endpoint_policy", "EcsEndpoint", "prod"),
    ("S3Endpoint", f"{POLICY}/0/Resource", "*", "vpc_endpoint_policy", "S3Endpoint", "prod"),
    ("S3Endpoint", f"{POLICY}/0/Effect", "Deny", "vpc_endpoint_policy", "S3Endpoint", "prod"),
    *(
        (name, path, value, "private_compute", "ComputeEnvironment", environment)
        for name, path, value, environment in [
            ("PrivateSubnetRouteTableAssociationA", "", GONE, "prod"),
            ("PrivateSubnetRouteTableAssociationA", "RouteTableId", {"Ref": "PublicRouteTable"}, "prod"),
            ("PrivateSubnetRouteTableAssociationA", "RouteTableId", {"Ref": "PrivateRouteTableB"}, "prod"),
            ("PublicDefaultRoute", "RouteTableId", {"Ref": "PrivateRouteTableA"}, "prod"),
            ("PublicDefaultRoute", "DestinationCidrBlock", "10.0.0.0/8", "dev"),
            ("PublicSubnetRouteTableAssociationA", "RouteTableId", {"Ref": "PrivateRouteTableA"}, "dev"),
            ("InternetGatewayAttachment", "", GONE, "dev"),
            ("PrivateDefaultRouteA", "", GONE, "dev"),
            ("PrivateDefaultRouteB", "NatGatewayId", GONE, "dev"),
            ("NatGatewayA", "SubnetId", GONE, "dev"),
            ("PrivateSubnetA", "MapPublicIpOnLaunch", True, "prod"),
            ("ComputeEnvironment", "ComputeResources/Subnets/0", {"Ref": "PublicSubnetA"}, "prod"),
            ("ComputeEnvironment", "ComputeResources/SecurityGroupIds", GONE, "prod"),
            ("Vpc", "EnableDnsHostnames", False, "prod"),
            ("EcrDkrEndpoint", "", GONE, "prod"),
            ("EcrDkrEndpoint", "PrivateDnsEnabled", GONE, "prod"),
            ("EcrDkrEndpoint", "SecurityGroupIds", GONE, "prod"),
            ("EcrDkrEndpoint", "SubnetIds/0", {"Ref": "PublicSubnetA"}, "prod"),
            ("EcsTelemetryEndpoint", f"{POLICY}/0/Action/1", GONE, "prod"),
            ("EcsEndpoint", f"{POLICY}/0/Resource/0", GONE, "prod"),
            ("LogsEndpoint", f"{POLICY}/0/Resource", {"Fn::GetAtt": ["FlowLogGroup", "Arn"]}, "prod"),
            ("S3Endpoint", "RouteTableIds/0", GONE, "prod"),
            ("S3Endpoint", f"{POLICY}/3", GONE, "prod"),
            ("S3Endpoint", f"{POLICY}/1/Resource/0", GONE, "prod"),
            ("ComputeToEndpointsEgress", "", GONE, "prod"),
            ("ComputeToEndpointsEgress", "DestinationSecurityGroupId", {"Ref": "ComputeSecurityGroup"}, "prod"),
            ("EndpointSecurityGroup", "SecurityGroupIngress/0/ToPort", 80, "prod"),
            ("EndpointSecurityGroup", "SecurityGroupIngress", GONE, "prod"),
            ("ComputeSecurityGroup", "SecurityGroupEgress/0/DestinationPrefixListId", GONE, "prod"),
        ]
    ),
]


@pytest.mark.parametrize(
    ("name", "path", "value", "rule", "at", "environment"),
    FAULTS,
    ids=[f"{name}-{path.replace('/', '.') or 'gone'}-{index}" for index, (name, path, *_) in enumerate(FAULTS)],
)
def test_a_fault_of_the_network_is_found(
    name: str, path: str, value: Any, rule: str, at: str, environment: str
) -> None:
    assert at in judged(changed(name, path, value), rule, environment)


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("rule", sorted({fault[3] for fault in FAULTS}))
def test_the_stack_itself_passes(rule: str, environment: str) -> None:
    assert judged(dict(source().data), rule, environment) == set()
