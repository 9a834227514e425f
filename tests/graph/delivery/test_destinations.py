"""What a destination is, and who may send there."""

import pytest

from stackproof.graph.delivery.destinations import QUEUE, TOPIC, destination, sending_fault, service_fault

TEXT = """
Resources:
  Key: {Type: 'AWS::KMS::Key', Properties: {KeyPolicy: {Statement: []}}}
  Plain: {Type: 'AWS::SQS::Queue', Properties: {QueueName: plain}}
  Locked: {Type: 'AWS::SQS::Queue', Properties: {KmsMasterKeyId: !GetAtt Key.Arn}}
  Topic: {Type: 'AWS::SNS::Topic'}
  Fifo: {Type: 'AWS::SQS::Queue', Properties: {FifoQueue: true}}
  Table: {Type: 'AWS::DynamoDB::Table'}
  Thing:
    Type: Custom::Thing
    Properties:
      Values:
        - !GetAtt Plain.Arn
        - !Sub 'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:plain'
        - arn:aws:sqs:eu-west-1:111122223333:plain
        - !Ref Topic
        - arn:aws:sqs:eu-west-1:111122223333:elsewhere
        - !Ref Plain
        - !GetAtt Table.Arn
        - !GetAtt Fifo.Arn
        - plain
        - arn:aws:lambda:eu-west-1:111122223333:function:f
        - !GetAtt Nothing.Arn
"""
EXPECTED = [
    ("Plain", ""),
    ("Plain", ""),
    ("Plain", ""),
    ("Topic", ""),
    (None, ""),
    (None, "which is not its ARN"),
    (None, "which is none but a AWS::DynamoDB::Table"),
    (None, "FIFO"),
    (None, "which is none"),
    (None, "which is none"),
]


@pytest.mark.parametrize("number", range(len(EXPECTED)))
def test_a_destination(graph, number: int) -> None:
    made = graph(TEXT)
    found = destination(made, made.resources["Thing"].get("Values", number), QUEUE, TOPIC)
    name, fault = EXPECTED[number]
    assert (found.resource.logical_id if found.resource else None) == name
    assert fault in found.fault
    assert bool(fault) == bool(found.fault)


def role(*statements: str) -> str:
    body = ", ".join(statements)
    policy = f"{{PolicyDocument: {{Statement: [{body}]}}}}"
    return f"{TEXT}  Role: {{Type: 'AWS::IAM::Role', Properties: {{Policies: [{policy}]}}}}\n"


SEND = "{Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Locked.Arn}"
USE = "{Effect: Allow, Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: !GetAtt Key.Arn}"


def through(service: str) -> str:
    return USE.replace("}", f", Condition: {{StringEquals: {{'kms:ViaService': {service}}}}}}}")


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        ((SEND, USE), ""),
        ((SEND, through("!Sub 'sqs.${AWS::Region}.amazonaws.com'")), ""),
        ((SEND, through("sqs.eu-west-1.amazonaws.com")), ""),
        ((SEND, through("'sqs.*.amazonaws.com'")), ""),
        ((SEND, through("!Sub 's3.${AWS::Region}.amazonaws.com'")), "may not kms:GenerateDataKey with Key"),
        ((SEND,), "may not kms:GenerateDataKey with Key"),
        ((USE,), "may not sqs:SendMessage"),
        ((SEND.replace("Allow", "Deny"), USE), "may not sqs:SendMessage"),
        ((SEND, USE, "{Effect: Deny, Action: 'sqs:*', Resource: '*'}"), "may not sqs:SendMessage"),
    ],
)
def test_a_role_that_sends(graph, statements: tuple[str, ...], fault: str) -> None:
    made = graph(role(*statements))
    found = sending_fault(made, made.resources["Role"], made.resources["Locked"])
    assert fault in found
    assert bool(fault) == bool(found)


def policy(condition: str, principal: str = "{Service: events.amazonaws.com}", effect: str = "Allow") -> str:
    what = "Action: 'sqs:SendMessage', Resource: !GetAtt Plain.Arn"
    body = f"{{Effect: {effect}, Principal: {principal}, {what}{condition}}}"
    return (
        f"{TEXT}  Policy: {{Type: 'AWS::SQS::QueuePolicy', "
        f"Properties: {{Queues: [!Ref Plain], PolicyDocument: {{Statement: [{body}]}}}}}}\n"
    )


def by(operator: str, value: str, key: str = "aws:SourceArn") -> str:
    return f", Condition: {{{operator}: {{'{key}': {value}}}}}"


RULE = "arn:aws:events:region:account:rule/mine"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (policy(by("ArnEquals", "!Sub 'arn:aws:events:${AWS::Region}:${AWS::AccountId}:rule/mine'")), ""),
        (policy(by("ArnLike", "['arn:aws:events:eu-west-1:111122223333:rule/m*', other]")), ""),
        (policy(by("StringEquals", "!Ref AWS::AccountId", "aws:SourceAccount")), ""),
        (policy(by("ArnEquals", "'arn:aws:events:eu-west-1:111122223333:rule/other'")), "for other sources only"),
        (policy(by("ArnLike", "'*'")), "for other sources only"),
        (policy(by("ArnNotEquals", "'arn:aws:events:eu-west-1:111122223333:rule/mine'")), "by ArnNotEquals"),
        (policy(""), "for anybody"),
        (policy("", "'*'"), "for anybody"),
        (policy("", "{Service: s3.amazonaws.com}"), "no policy of Plain lets events.amazonaws.com"),
        (policy("", "'*'", "Deny"), "refuses sqs:SendMessage to everybody"),
        (TEXT, "no policy of Plain lets events.amazonaws.com"),
    ],
)
def test_a_service_that_sends(graph, text: str, fault: str) -> None:
    made = graph(text)
    found = service_fault(made, "events.amazonaws.com", RULE, made.resources["Plain"])
    assert fault in found
    assert bool(fault) == bool(found)
