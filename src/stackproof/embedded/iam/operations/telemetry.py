"""CloudWatch Logs, CloudWatch, X-Ray and STS."""

from stackproof.embedded.iam.operations.entry import Entry, Service, View, parameter


def _group(view: View) -> str:
    identifier = view.parameters.get("logGroupIdentifier")
    if identifier:
        return identifier if identifier.startswith("arn:") else view.arn("logs", f"log-group:{identifier}")
    return view.arn("logs", f"log-group:{view.required('logGroupName')}")


LOGS = Service(
    name="logs",
    entries=(
        Entry(operation="CreateLogStream", action="logs:CreateLogStream", resource="log-stream"),
        Entry(operation="PutLogEvents", action="logs:PutLogEvents", resource="log-stream"),
        Entry(operation="GetLogEvents", action="logs:GetLogEvents", resource="log-stream"),
        Entry(operation="DescribeLogStreams", action="logs:DescribeLogStreams", resource="log-group"),
        Entry(operation="FilterLogEvents", action="logs:FilterLogEvents", resource="log-group"),
        Entry(operation="CreateLogGroup", action="logs:CreateLogGroup", resource="log-group"),
    ),
    resources={
        "log-group": _group,
        "log-stream": lambda view: f"{_group(view)}:log-stream:{view.required('logStreamName')}",
    },
    unmodelled=frozenset({"aws:RequestTag/${TagKey}", "aws:TagKeys"}),
)

CLOUDWATCH = Service(
    name="cloudwatch",
    entries=(
        Entry(operation="PutMetricData", action="cloudwatch:PutMetricData", keys=("cloudwatch:namespace",)),
        Entry(operation="GetMetricData", action="cloudwatch:GetMetricData"),
        Entry(operation="GetMetricStatistics", action="cloudwatch:GetMetricStatistics"),
        Entry(operation="ListMetrics", action="cloudwatch:ListMetrics"),
    ),
    keys={"cloudwatch:namespace": parameter("Namespace")},
    unmodelled=frozenset({"cloudwatch:HasAccessGrant"}),
)

XRAY = Service(
    name="xray",
    entries=(
        Entry(operation="PutTraceSegments", action="xray:PutTraceSegments"),
        Entry(operation="PutTelemetryRecords", action="xray:PutTelemetryRecords"),
        Entry(operation="GetSamplingRules", action="xray:GetSamplingRules"),
        Entry(operation="GetSamplingTargets", action="xray:GetSamplingTargets"),
    ),
    unmodelled=frozenset({"logs:LogGeneratingResourceArns"}),
)

STS = Service(name="sts", entries=(), free=frozenset({"GetCallerIdentity"}))
