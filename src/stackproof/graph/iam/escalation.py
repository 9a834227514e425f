"""Combinations of grants that are as good as administrator rights.

Source: the actions' descriptions in the Service Authorization Reference; the combinations are those that published
research on IAM privilege escalation names (attach or rewrite a policy, take over a login, pass a stronger role to
compute)."""

from stackproof.graph.graph import Graph
from stackproof.graph.iam.documents import Statement
from stackproof.graph.iam.grants import Grant
from stackproof.graph.iam.targets import is_wide

# Each is a set of actions that together raise their holder's rights. An action on a resource of one's own choice
# matters: on one named role, key or function of the stack it is judged by the other controls.
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
    ("bedrock:CreateAgent",),
)


def combination(graph: Graph, grants: list[Grant]) -> tuple[tuple[str, ...], Statement] | None:
    """The first combination that these grants make up, and the statement that holds its last part; None when there is
    none.

    Raises: UnknownValueError.
    """
    pass_role = _held(graph, grants, "iam:PassRole")
    candidates: list[tuple[str, ...]] = [*ALONE]
    if pass_role:
        candidates += [("iam:PassRole", *actions) for actions in WITH_PASS_ROLE]
    for actions in candidates:
        held = [_held(graph, grants, action) for action in actions]
        if all(held):
            statement = held[-1]
            assert statement is not None
            return actions, statement
    return None


def _held(graph: Graph, grants: list[Grant], action: str) -> Statement | None:
    """The statement that allows an action on resources of the holder's own choice."""
    for grant in grants:
        if not grant.covers(action):
            continue
        if "NotResource" in grant.statement.body:
            return grant.statement
        if any(is_wide(graph, value) or value == "*" for value, _ in grant.statement.texts("Resource")):
            return grant.statement
    return None
