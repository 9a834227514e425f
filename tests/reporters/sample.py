"""The reports that every reporter is held against: RICH (every outcome, hostile texts), PASSED, BROKEN."""

from stackproof.findings.outcome import Area, Outcome, Severity, Verdict
from stackproof.findings.report import (
    ControlResult,
    EngineStatus,
    Finding,
    GateReport,
    Problem,
    Report,
    Scope,
    Suppression,
    Waiver,
)
from stackproof.findings.result import RuleId
from stackproof.template.references import Reference

HOSTILE = (
    "</script><script>alert(1)</script> <img src=x onerror=alert(2)> {{ 7*7 }} \x1b[2J\x1b]8;;http://x\x07 \u202etxt"
    ".exe | `code` ``` ]]> & \"quoted\" 'single' \ud800 \x00 @everyone #1 [link](javascript:alert(3)) 👩‍👩‍👧 עברית\n"
    "::error::second line ##vso[task.complete]"
)
"""What an attacker may write into a template: for HTML, terminals, tables, CI logs, XML and Markdown."""

TEMPLATE = "template/stack.yaml"
SHA = "5f" * 32


def rule(text: str) -> RuleId:
    engine, name = text.split(":", 1)
    return RuleId(engine=engine, rule=name)


ENGINES = (
    EngineStatus(name="cfn-lint", version="1.58.0", status="ok", error=None, rules=271, seconds=2.114),
    EngineStatus(name="cfn-guard", version="3.1.1", status="ok", error=None, rules=14, seconds=0.218),
    EngineStatus(name="checkov", version="3.3.30", status="ok", error=None, rules=31, seconds=5.07),
    EngineStatus(name="graph", version="0.1.0", status="ok", error=None, rules=48, seconds=0.09),
)

ENCRYPTION = ControlResult(
    id="encryption-s3",
    title="Buckets are encrypted with a customer key, with bucket keys",
    area=Area.ENCRYPTION,
    severity=Severity.HIGH,
    outcome=Outcome.FAIL,
    rules=(rule("graph:s3_bucket_encryption"), rule("checkov:CKV_AWS_145")),
    frameworks={"PCI DSS 4.0.1": ("3.5.1", "3.6.1"), "NIST SP 800-53 r5": ("SC-28", "SC-28(1)")},
    passed=("Archive", "Results"),
    failed=("Inbox",),
    unknown=("Scratch",),
    why="Whoever copies the storage without the key gets nothing, and each use of the key is logged.",
    fix="Set SSEAlgorithm to aws:kms with KMSMasterKeyID of a key of yours, and BucketKeyEnabled to true.",
)

IAM = ControlResult(
    id="iam-wildcard-actions",
    title="No grant of wildcard actions",
    area=Area.IAM,
    severity=Severity.CRITICAL,
    outcome=Outcome.FAIL,
    rules=(rule("graph:iam_wildcard_action"),),
    frameworks={"PCI DSS 4.0.1": ("7.2.5",), "NIST SP 800-53 r5": ("AC-6",), "SOC 2": ("CC6.3",)},
    passed=("SubmitRole",),
    failed=("MonitorRole",),
    why="A wildcard grants what nobody has decided on, today's actions and those to come.",
    fix="Name each action that the code calls.",
)

LOGGING = ControlResult(
    id="logging-access-logs",
    title="Buckets log access",
    area=Area.LOGGING,
    severity=Severity.LOW,
    outcome=Outcome.WAIVED,
    rules=(rule("cfn-guard:s3_access_logs"),),
    frameworks={"NIST SP 800-53 r5": ("AU-2",)},
    waived=("AccessLogs",),
    why="Access logs show who read what.",
    fix="Set LoggingConfiguration.DestinationBucketName.",
)

RECOVERY = ControlResult(
    id="recovery-pitr",
    title="Tables have point-in-time recovery over the whole window",
    area=Area.RECOVERY,
    severity=Severity.CRITICAL,
    outcome=Outcome.PASS,
    rules=(rule("cfn-guard:dynamodb_pitr"),),
    frameworks={"NIST SP 800-53 r5": ("CP-9", "CP-10"), "SOC 2": ("A1.2",)},
    passed=("Jobs", "AuditEvents"),
    why="A table that was overwritten by mistake can be taken back to the second before.",
    fix="Set PointInTimeRecoveryEnabled to true and RecoveryPeriodInDays to 35.",
)

ALARMS = ControlResult(
    id="alarms-tables",
    title="Each table has alarms on throttled requests",
    area=Area.ALARMS,
    severity=Severity.MEDIUM,
    outcome=Outcome.UNKNOWN,
    rules=(rule("graph:alarm_tables"),),
    frameworks={},
    unknown=("Jobs",),
    why="A throttled table loses work silently.",
    fix="Alarm on ThrottledRequests of each table.",
)

NETWORK = ControlResult(
    id="network-open-ingress",
    title="No open ingress",
    area=Area.NETWORK,
    severity=Severity.HIGH,
    outcome=Outcome.NOT_APPLICABLE,
    rules=(rule("graph:open_ingress"),),
    frameworks={"PCI DSS 4.0.1": ("1.3.1",)},
    why="What is open is found within minutes.",
    fix="Name the sources.",
)

SECRETS = ControlResult(
    id="secrets-parameters",
    title="Secret parameters are not shown and have no default",
    area=Area.SECRETS,
    severity=Severity.CRITICAL,
    outcome=Outcome.NOT_EVALUATED,
    rules=(rule("cfn-lint:E9002"),),
    frameworks={},
    why="A default is readable by everybody who reads the template.",
    fix="Set NoEcho and take the default away.",
)

AES = Finding(
    rules=(rule("checkov:CKV_AWS_145"), rule("graph:s3_bucket_encryption")),
    control="encryption-s3",
    area=Area.ENCRYPTION,
    severity=Severity.HIGH,
    outcome=Outcome.FAIL,
    resource="Inbox",
    resource_type="AWS::S3::Bucket",
    path=(
        *("Resources", "Inbox", "Properties", "BucketEncryption", "ServerSideEncryptionConfiguration", 0),
        *("ServerSideEncryptionByDefault", "SSEAlgorithm"),
    ),
    line=123,
    column=15,
    message=f"the default encryption is AES256, not aws:kms with {Reference(target='DataKey', attribute='Arn').token}",
    fix=ENCRYPTION.fix,
    excerpt=(
        (122, "          - ServerSideEncryptionByDefault:"),
        (123, "              SSEAlgorithm: AES256"),
        (124, "            BucketKeyEnabled: true"),
    ),
)

UNKNOWN_KEY = Finding(
    rules=(rule("graph:s3_bucket_encryption"),),
    control="encryption-s3",
    area=Area.ENCRYPTION,
    severity=Severity.HIGH,
    outcome=Outcome.UNKNOWN,
    resource="Scratch",
    resource_type="AWS::S3::Bucket",
    path=("Resources", "Scratch", "Properties", "BucketEncryption"),
    line=141,
    column=7,
    message="the key is not known: parameter KeyArn has no value in this environment",
    fix=ENCRYPTION.fix,
    when="IsProd is false",
    excerpt=((140, "    Properties:"), (141, "      BucketEncryption: !Ref KeyArn"), (142, "")),
)

WILDCARD = Finding(
    rules=(rule("graph:iam_wildcard_action"),),
    control="iam-wildcard-actions",
    area=Area.IAM,
    severity=Severity.CRITICAL,
    outcome=Outcome.FAIL,
    resource="MonitorRole",
    resource_type="AWS::IAM::Role",
    path=("Resources", "MonitorRole", "Properties", "Policies", 0, "PolicyDocument", "Statement", 0, "Action"),
    line=208,
    column=14,
    message=f"dynamodb:* allows every action of the service; the statement says {HOSTILE}",
    fix=IAM.fix,
    excerpt=(
        (207, f"              - Sid: {HOSTILE}"),
        (208, "\t\t\t\tAction: ['dynamodb:*', " + "'dynamodb:DescribeTimeToLive', " * 8 + "]"),
        (209, "                Effect: Allow"),
    ),
)

UNCOVERED = Finding(
    rules=(rule("graph:alarm_tables"),),
    control="alarms-tables",
    area=Area.ALARMS,
    severity=Severity.MEDIUM,
    outcome=Outcome.UNKNOWN,
    resource="Jobs",
    resource_type="AWS::DynamoDB::Table",
    path=("Resources", "Jobs"),
    line=77,
    column=3,
    message="whether an alarm watches it is not known: TableName of ThrottleAlarm is a parameter without a value",
    fix=ALARMS.fix,
)

STALE_WAIVER = Finding(
    rules=(rule("gate:waivers"),),
    control="lint-waivers",
    area=Area.LINT,
    severity=Severity.MEDIUM,
    outcome=Outcome.FAIL,
    resource=None,
    resource_type=None,
    path=(),
    line=9,
    column=None,
    message="the waiver of recovery-versioning on Scratch expired on 2026-10-31",
    fix="Mend the fault, or have the waiver approved anew.",
    file="template/waivers.yaml",
)

WAIVED = Finding(
    rules=(rule("cfn-guard:s3_access_logs"),),
    control="logging-access-logs",
    area=Area.LOGGING,
    severity=Severity.LOW,
    outcome=Outcome.FAIL,
    resource="AccessLogs",
    resource_type="AWS::S3::Bucket",
    path=("Resources", "AccessLogs"),
    line=301,
    column=3,
    message="the bucket logs no access",
    fix=LOGGING.fix,
    waiver=Waiver(
        control="logging-access-logs",
        rule=None,
        resource="AccessLogs",
        reason="The bucket that takes the access logs would log its own log deliveries without end.",
        owner="platform@example.com",
        approver="security@example.com",
        expires="2027-06-30",
        file="template/waivers.yaml",
        line=3,
    ),
    excerpt=((300, ""), (301, "  AccessLogs:"), (302, "    Type: AWS::S3::Bucket")),
)

PROD = Report(
    template=TEMPLATE,
    sha256=SHA,
    environment="prod",
    verdict=Verdict.FAIL,
    engines=ENGINES,
    controls=(ENCRYPTION, RECOVERY, IAM, ALARMS, NETWORK, LOGGING),
    findings=(AES, UNKNOWN_KEY, WILDCARD, UNCOVERED, STALE_WAIVER, WAIVED),
    suppressions=(
        Suppression(tool="checkov", text=f"checkov:skip=CKV_AWS_18:{HOSTILE}", resource="Inbox", line=120),
        Suppression(tool="cfn-lint", text="ignore_checks: [W3005]", resource=None, line=None),
    ),
)

DEV = Report(
    template=TEMPLATE,
    sha256=SHA,
    environment="dev",
    verdict=Verdict.ERROR,
    engines=(
        *ENGINES[:2],
        EngineStatus(
            name="checkov",
            version="",
            status="failed",
            error="checkov ended with code 1 and wrote no result. Run `stackproof engines` to install it anew.",
            rules=0,
            seconds=1.25,
        ),
        EngineStatus(name="graph", version="0.1.0", status="left_out", error=None, rules=0, seconds=0.0),
    ),
    controls=(ENCRYPTION, SECRETS),
    findings=(AES,),
)

RICH = GateReport(
    verdict=Verdict.ERROR,
    scope=Scope(complete=False, left_out=("engine graph", "control network-flow-logs")),
    reports=(PROD, DEV),
    errors=(
        Problem(path="other/broken.yaml", message="line 3: found a tab where blanks are due.", exit_code=2),
        Problem(path=None, message=f"The engine checkov failed: {HOSTILE}", exit_code=3),
    ),
    exit_code=3,
    notes=("The lint engine was taken from the cache of the same template.",),
    requirements={
        "PCI DSS 4.0.1": {
            "3.5.1": "Stored account numbers are unreadable",
            "7.2.5": "Least privilege for applications",
        },
        "NIST SP 800-53 r5": {"SC-28": "Information at rest is protected", "CP-9": "Backup"},
    },
)
"""Two environments, every outcome, errors, a waiver, hostile texts, a narrowed scope."""

PASSED = GateReport(
    verdict=Verdict.PASS,
    scope=Scope(complete=True),
    reports=(
        Report(
            template=TEMPLATE,
            sha256=SHA,
            environment=None,
            verdict=Verdict.PASS,
            engines=ENGINES,
            controls=(RECOVERY, NETWORK),
            findings=(),
        ),
    ),
    exit_code=0,
)
"""One template without environments, all well."""

BROKEN = GateReport(
    verdict=Verdict.ERROR,
    scope=Scope(complete=True),
    reports=(),
    errors=(Problem(path="stack.yaml", message="stack.yaml: no such file. Name a template.", exit_code=2),),
    exit_code=2,
)
"""Nothing could be judged."""

SAMPLES = {"rich": RICH, "passed": PASSED, "broken": BROKEN}
