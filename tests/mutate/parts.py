"""What the tests of mutation share: a small template, its target, and a run over it."""

from functools import cache
from pathlib import Path

from stackproof.catalogue import Catalogue
from stackproof.catalogue import load as load_catalogue
from stackproof.mutate import registry, run, seeding, speaks
from stackproof.mutate.model import Judged, Mutant, MutationReport
from stackproof.mutate.target import Target
from stackproof.template.expand import expand
from stackproof.template.model import Source
from stackproof.template.read import source

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "policies"

SMALL = """
Parameters:
  Window: {Type: Number, Default: 35}
Conditions:
  Never: !Equals [a, b]
Resources:
  Key:
    Type: AWS::KMS::Key
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      EnableKeyRotation: true
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
            Action: kms:*
            Resource: "*"
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
      DeletionProtectionEnabled: !If [Never, false, true]
      SSESpecification: {SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: !GetAtt Key.Arn}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: !Ref Window}
      Tags: [{Key: Project, Value: p}, {Key: Owner, Value: o}]
"""


@cache
def catalogue() -> Catalogue:
    return load_catalogue(POLICIES)


def target(text: str = SMALL) -> Target:
    read = source(text, "small.yaml")
    return Target(source=read, template=expand(read)[0], parameters={}, speaks=speaks.load(), catalogue=catalogue())


def mutants(*names: str, text: str = SMALL) -> list[Mutant]:
    return [mutant for one in registry.operators(names) for mutant in one.mutants(target(text))]


def judged(read: Source, *names: str, engines: tuple[str, ...] = ("graph", "cfn-guard")) -> MutationReport:
    settings = seeding.Settings(
        catalogue=catalogue(),
        policies=POLICIES,
        rules={engine: catalogue().rules_of(engine) for engine in engines},
        operators=registry.operators(names),
        workers=1,
    )
    return run.run(read, [None], settings, lambda *_: None)


def by_place(report: MutationReport) -> dict[tuple[str, str], Judged]:
    return {(one.mutant.operator, "/".join(map(str, one.mutant.path[2:]))): one for one in report.judged}
