"""Distinct templates of a wanted size: made from parts that other people's templates have too."""

import re
from pathlib import Path

_PARTS = (
    """\
  Bucket{n}:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {{SSEAlgorithm: aws:kms, KMSMasterKeyID: !GetAtt Key{n}.Arn}}
      VersioningConfiguration: {{Status: {state}}}
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
""",
    """\
  Key{n}:
    Type: AWS::KMS::Key
    Properties:
      EnableKeyRotation: true
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{AWS: !Sub "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:root"}}
            Action: kms:*
            Resource: "*"
""",
    """\
  Table{n}:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{{AttributeName: id{n}, AttributeType: S}}]
      KeySchema: [{{AttributeName: id{n}, KeyType: HASH}}]
      PointInTimeRecoverySpecification: {{PointInTimeRecoveryEnabled: {truth}}}
""",
    """\
  Function{n}:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Timeout: {timeout}
      Role: !GetAtt Role{n}.Arn
      Code: {{ZipFile: "def handler(event, context): return {n}"}}
""",
    """\
  Role{n}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{Service: lambda.amazonaws.com}}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: read
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: [dynamodb:GetItem, dynamodb:Query]
                Resource: !GetAtt Table{n}.Arn
""",
    """\
  Alarm{n}:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/Lambda
      MetricName: Errors
      Dimensions: [{{Name: FunctionName, Value: !Ref Function{n}}}]
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: {timeout}
      ComparisonOperator: GreaterThanOrEqualToThreshold
""",
)


def small(folder: Path, count: int) -> list[str]:
    """`count` templates of about 100 lines each, no two alike."""
    paths = []
    for i in range(count):
        parts = [
            part.format(
                n=i * 10 + copy, state=("Enabled", "Suspended")[i % 2], truth=str(i % 3 > 0).lower(), timeout=i + 3
            )
            for copy in range(2)
            for part in _PARTS
        ]
        paths.append(_written(folder / f"small-{i}.yaml", "Resources:\n" + "".join(parts)))
    return paths


def large(folder: Path, stack: Path, count: int) -> list[str]:
    """`count` templates of the stack's size: the stack with other logical ids in each."""
    text = stack.read_text()
    names = re.findall(r"^  ([A-Z][A-Za-z0-9]+):\n    Type: AWS", text, flags=re.M)
    paths = []
    for i in range(count):
        renamed = dict.fromkeys(names[i % 7 :: 7])
        pattern = re.compile(rf"(?<![A-Za-z0-9:/-])({'|'.join(map(re.escape, renamed))})(?![A-Za-z0-9:-])")
        paths.append(_written(folder / f"large-{i}.yaml", pattern.sub(rf"\1N{i}", text)))
    return paths


def _written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)
