"""Combinations of grants that are as good as administrator rights.

Source: the actions' descriptions in the Service Authorization Reference; the combinations are those that published
research on IAM privilege escalation names (attach or rewrite a policy, take over a login, pass a stronger role to
compute)."""

from stackproof.graph.arns import arn, common
from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import matches
from stackproof.graph.iam.documents import Kind, Statement, statements
from stackproof.graph.iam.grants import Grant, grants_of
from stackproof.graph.iam.managed import is_broad, known_actions
from stackproof.graph.iam.patterns import overlap
from stackproof.graph.iam.principals import is_positive
from stackproof.graph.iam.targets import is_wide
from stackproof.graph.values import items, known
from stackproof.template.model import Resource

# Each is a set of actions that together raise their holder's rights, on resources of the holder's own choice, on the
# holder itself, or on another role or function of the template.
ALONE = (
    ("iam:CreatePolicyVersion",),
    ("iam:SetDefaultPolicyVersion",),
    ("iam:AttachUserPolicy",),
    ("iam:AttachGroupPolicy",),
    ("iam:AttachRolePolicy",),
    ("iam:PutUserPolicy",),
    ("iam:PutGroupPolicy",),
    ("iam:PutRolePolicy",),
    ("iam:AddUserToGroup",),
    ("iam:UpdateAssumeRolePolicy",),
    ("iam:DeleteRolePermissionsBoundary",),
    ("iam:DeleteUserPermissionsBoundary",),
    ("iam:PutRolePermissionsBoundary",),
    ("iam:CreateAccessKey",),
    ("iam:CreateLoginProfile",),
    ("iam:UpdateLoginProfile",),
    ("iam:CreateServiceSpecificCredential",),
    ("iam:UpdateSAMLProvider",),
    ("sts:AssumeRole",),
    ("lambda:UpdateFunctionCode",),
    ("lambda:UpdateFunctionConfiguration",),
    ("ssm:SendCommand",),
    ("ssm:StartSession",),
    ("ecs:ExecuteCommand",),
    ("codebuild:StartBuild", "codebuild:UpdateProject"),
    ("cloudformation:UpdateStack",),
    ("cloudformation:ExecuteChangeSet", "cloudformation:CreateChangeSet"),
    ("ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"),
)
# With iam:PassRole: what starts something under the role that is passed.
WITH_PASS_ROLE = (
    ("lambda:CreateFunction",),
    ("ec2:RunInstances",),
    ("ecs:RunTask",),
    ("ecs:RegisterTaskDefinition",),
    ("ecs:CreateService",),
    ("batch:RegisterJobDefinition",),
    ("batch:SubmitJob",),
    ("cloudformation:CreateStack",),
    ("cloudformation:CreateChangeSet",),
    ("glue:CreateDevEndpoint",),
    ("glue:CreateJob",),
    ("glue:UpdateJob",),
    ("sagemaker:CreateNotebookInstance",),
    ("sagemaker:CreateTrainingJob",),
    ("sagemaker:CreateProcessingJob",),
    ("codebuild:CreateProject",),
    ("codepipeline:CreatePipeline",),
    ("datapipeline:CreatePipeline",),
    ("states:CreateStateMachine",),
    ("states:UpdateStateMachine",),
    ("scheduler:CreateSchedule",),
    ("events:PutTargets",),
    ("apprunner:CreateService",),
    ("ssm:StartAutomationExecution",),
    ("iam:AddRoleToInstanceProfile",),
    ("glue:CreateSession",),
    ("elasticmapreduce:RunJobFlow",),
    ("ecs:StartTask",),
    ("bedrock:CreateAgent",),
)


# The services to which the role is passed, where it is not that of the action.
_PASSED_TO = {
    "ecs": ("ecs-tasks", "ecs"),
    "batch": ("ecs-tasks", "batch", "ec2"),
    "apprunner": ("tasks.apprunner", "build.apprunner"),
    "iam": ("ec2",),
    "events": ("events", "scheduler", "states", "ecs-tasks"),
}


def combination(graph: Graph, identity: Resource, grants: list[Grant]) -> tuple[tuple[str, ...], Statement] | None:
    """The first combination that these grants of an identity make up, and the statement that holds its last part; None
    when there is none.

    Raises: UnknownValueError.
    """
    for actions in ALONE:
        held = [_held(graph, identity, grants, action) for action in actions]
        if held[-1] is not None and all(held):
            return actions, held[-1]
    passing = [one for one in grants if one.covers("iam:PassRole") and _passes(graph, one.statement)]
    for (action,) in WITH_PASS_ROLE if passing else ():
        statement = _held(graph, identity, grants, action)
        if statement is not None and any(_is_passed_to(one.statement, action) for one in passing):
            return ("iam:PassRole", action), statement
    return None


def _held(graph: Graph, identity: Resource, grants: list[Grant], action: str) -> Statement | None:
    """The statement that allows an action on resources of the holder's own choice; of IAM's, on itself too."""
    for grant in grants:
        statement = grant.statement
        if not grant.covers(action) or _has_boundary(statement):
            continue
        if "NotResource" in statement.body or any(is_wide(graph, value) for value, _ in statement.texts("Resource")):
            return statement
        forms = [common(graph, value) for value, _ in statement.texts("Resource")]
        if any(overlap(form, one) for form in forms for one in _reach(graph, identity, action)):
            return statement
    return None


def _reach(graph: Graph, identity: Resource, action: str) -> list[str]:
    """The ARNs on which an action raises its holder's rights: of IAM's the identities and policies of the template, of
    Lambda's its functions under other roles."""
    if action.startswith("iam:"):
        kinds = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy")
        return [name for one in graph.of_type(*kinds) if (name := arn(graph, one))]
    if action.startswith("lambda:Update"):
        others = (one for one in graph.of_type("AWS::Lambda::Function") if not _is_role(graph, one, identity))
        return [arn(graph, one) for one in others]
    return []


def _is_role(graph: Graph, function: Resource, identity: Resource) -> bool:
    role = function.properties.get("Role")
    return isinstance(role, str) and graph.referred(role) is identity


def is_bound(graph: Graph, identity: Resource) -> bool | None:
    """Whether a permissions boundary keeps an identity from raising its rights; None when it is not in the template.

    Raises: UnknownValueError.
    """
    boundary = known(identity.properties.get("PermissionsBoundary"))
    if boundary is None:
        return False
    policy = graph.referred(boundary, "AWS::IAM::ManagedPolicy") if isinstance(boundary, str) else None
    if policy is not None:
        allowed = [Grant(principal="", statement=one) for one in statements(graph, policy, Kind.IDENTITY) if one.allows]
        return combination(graph, identity, allowed) is None
    if isinstance(boundary, str) and (actions := known_actions(boundary)) is not None:
        return not any(matches(pattern, "iam:PutRolePolicy") for pattern in actions)
    return False if isinstance(boundary, str) and is_broad(boundary) else None


def _has_boundary(statement: Statement) -> bool:
    return any(
        is_positive(operator) and key.lower() == "iam:permissionsboundary"
        for operator, key, _, _ in statement.conditions()
    )


def _passes(graph: Graph, statement: Statement) -> bool:
    """Whether it lets roles of the holder's choice be passed, or one that may do everything."""
    if "NotResource" in statement.body:
        return True
    named = [value for value, _ in statement.texts("Resource")]
    roles = [graph.referred(value, "AWS::IAM::Role") for value in named]
    return any(is_wide(graph, value) for value in named) or any(_is_mighty(graph, role) for role in roles if role)


def _is_mighty(graph: Graph, role: Resource) -> bool:
    managed = [value for value in items(role.get("ManagedPolicyArns")) if isinstance(value, str)]
    return any(value.endswith(("/AdministratorAccess", "/IAMFullAccess")) for value in managed) or any(
        pattern.lower() in ("*", "iam:*", "*:*")
        for one in grants_of(graph, role)
        for pattern, _ in one.statement.texts("Action")
    )


def _is_passed_to(statement: Statement, action: str) -> bool:
    """Whether its condition on iam:PassedToService, if there is one, names a service that starts what is made."""
    service = action.split(":")[0]
    wanted = _PASSED_TO.get(service, (service,))
    for operator, key, values, _ in statement.conditions():
        if is_positive(operator) and key.lower() == "iam:passedtoservice":
            texts = [value for value in map(known, values) if isinstance(value, str)]
            return any(overlap(text, f"{one}.amazonaws.com") for text in texts for one in wanted)
    return True
