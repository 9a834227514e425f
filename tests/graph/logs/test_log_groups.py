"""Where a function's logs go."""

import pytest

from stackproof.graph.logs import written

TEMPLATE = """
Resources:
  Group: {Type: 'AWS::Logs::LogGroup', Properties: {%s}}
  Function: {Type: 'AWS::Lambda::Function', Properties: {%s}}
"""


@pytest.mark.parametrize(
    ("group", "function", "found", "named"),
    [
        ("RetentionInDays: 30", "LoggingConfig: {LogGroup: !Ref Group}", "Group", True),
        ("LogGroupName: mine", "LoggingConfig: {LogGroup: mine}", "Group", False),
        ("LogGroupName: /aws/lambda/pay", "FunctionName: pay", "Group", False),
        ("LogGroupName: !Sub '/aws/lambda/${Function}'", "Timeout: 3", "Group", False),
        (
            "LogGroupName: !Sub '/aws/lambda/${AWS::StackName}-x'",
            "FunctionName: !Sub '${AWS::StackName}-x'",
            "Group",
            False,
        ),
        ("LogGroupName: /aws/lambda/pay", "FunctionName: other", None, False),
        ("RetentionInDays: 30", "LoggingConfig: {LogGroup: !GetAtt Group.Arn}", None, True),
    ],
)
def test_the_group_that_a_function_writes_to(graph, group, function, found, named) -> None:
    template = graph(TEMPLATE % (group, function))
    result = written(template, template.resources["Function"])
    assert (result.group.logical_id if result.group else None) == found
    assert result.named is named
