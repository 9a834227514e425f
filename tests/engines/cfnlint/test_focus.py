"""Judging a few resources of a template finds of them all that judging the whole finds."""

import json
import random

import pytest

from stackproof.template.document import parse
from tests.engines.cfnlint.conftest import failing, passing, subject, task
from tests.engines.cfnlint.test_equality import job, lint, mutants

CHAIN = """\
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Statement: []}, Wrong: 1}}
  Topic: {Type: AWS::SNS::Topic, Properties: {KmsMasterKeyId: !Ref Key, Wrong: 1}}
  Subscription: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Topic, Protocol: sqs, Wrong: 1}}
  Queue: {Type: AWS::SQS::Queue, Properties: {Wrong: 1}}
  Function: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {DB_PASSWORD: hunter2}}}}
"""


def test_focus_judges_the_resource_and_those_that_it_is_joined_to(engine):
    run = engine.run(task(subject(CHAIN)), focus={"one": frozenset({"Topic"})})
    wrong = {resource for rule, resource, path, _ in failing(run) if path[-1:] == ("Wrong",)}
    assert wrong == {"Key", "Topic", "Subscription"}
    assert not {resource for rule, resource in passing(run) if rule in ("E", "W")} & {"Queue", "Function"}


def test_rules_of_ours_judge_all(engine):
    run = engine.run(task(subject(CHAIN)), focus={"one": frozenset({"Queue"})})
    assert ("E9001", "Function") in {(rule, resource) for rule, resource, *_ in failing(run)}
    assert {resource for rule, resource, path, _ in failing(run) if path[-1:] == ("Wrong",)} == {"Queue"}


def test_focus_of_one_subject_is_no_other_s(engine):
    run = engine.run(task(subject(CHAIN, "a"), subject(CHAIN, "b", path="a.yaml")), focus={"a": frozenset({"Queue"})})
    wrong = {key: {r for _, r, path, _ in failing(run, key) if path[-1:] == ("Wrong",)} for key in ("a", "b")}
    assert wrong == {"a": {"Queue"}, "b": {"Key", "Topic", "Subscription", "Queue"}}


SUBNETS = """\
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  A: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  B: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/25}}
  TableA: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  TableB: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  One: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref A, RouteTableId: !Ref TableA}}
  Two: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref A, RouteTableId: !Ref TableB}}
  EndA:
    Type: AWS::EC2::VPCEndpoint
    Properties: {VpcId: !Ref Vpc, ServiceName: a.b, VpcEndpointType: Interface, PrivateDnsEnabled: true}
  EndB:
    Type: AWS::EC2::VPCEndpoint
    Properties: {VpcId: !Ref Vpc, ServiceName: a.b, VpcEndpointType: Interface, PrivateDnsEnabled: true}
"""


@pytest.mark.parametrize("name", ["A", "B", "One", "Two", "EndA", "EndB"])
def test_resources_that_are_compared_with_each_other_are_judged_together(engine, name):
    run = engine.run(task(subject(SUBNETS, "a"), subject(SUBNETS, "b", path="a.yaml")), focus={"a": frozenset({name})})
    whole = {match for match in failing(run, "b") if match[0] in ("E3060", "E3022", "E3064")}
    assert {rule for rule, *_ in whole} == {"E3060", "E3022", "E3064"}
    pairs = {"A": "E3060", "B": "E3060", "One": "E3022", "Two": "E3022", "EndA": "E3064", "EndB": "E3064"}
    assert {match for match in whole if match[0] == pairs[name]} <= failing(run, "a")


def of_resources(answer, names):
    return {
        json.dumps(match, sort_keys=True)
        for match in answer.get("matches", ())
        if len(match["path"]) > 1 and match["path"][0] == "Resources" and match["path"][1] in names
    }


@pytest.mark.parametrize("seed", [1])
def test_focus_finds_all_that_the_whole_finds_at_these_resources(seed):
    chance = random.Random(seed)
    texts = mutants(5, seed)
    focus = [chance.sample(sorted(parse(text)[0]["Resources"]), 3) for text in texts]
    whole = lint([job(str(number), text) for number, text in enumerate(texts)])
    part = lint([job(str(number), text, focus=focus[number]) for number, text in enumerate(texts)])
    found = 0
    for number, names in enumerate(focus):
        expected = of_resources(whole[str(number)], names)
        assert of_resources(part[str(number)], names) >= expected
        found += len(expected)
    assert found > 0


def test_focus_on_what_is_not_there_judges_no_resource(engine):
    run = engine.run(task(subject(CHAIN)), focus={"one": frozenset({"Nowhere"})})
    assert not {resource for rule, resource in passing(run) if rule in ("E", "W")}
