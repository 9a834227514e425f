"""Lambda and ECR."""

from stackproof.embedded.iam.operations.entry import Entry, Service, View


def _function(view: View) -> str:
    name, qualifier = view.required("FunctionName"), view.parameters.get("Qualifier")
    arn = name if name.startswith("arn:") else view.arn("lambda", f"function:{name.split(':function:')[-1]}")
    return f"{arn}:{qualifier}" if qualifier else arn


LAMBDA = Service(
    name="lambda",
    entries=(
        Entry(operation="Invoke", action="lambda:InvokeFunction", resource="function"),
        Entry(operation="GetFunction", action="lambda:GetFunction", resource="function"),
        Entry(operation="GetFunctionConfiguration", action="lambda:GetFunctionConfiguration", resource="function"),
    ),
    resources={"function": _function},
    unmodelled=frozenset(
        {
            "lambda:EventSourceToken",
            "lambda:InvokedViaFunctionUrl",
            "lambda:SourceFunctionArn",
        }
    ),
)


def _repository(view: View) -> str:
    return view.arn("ecr", f"repository/{view.required('repositoryName')}")


ECR = Service(
    name="ecr",
    entries=(
        Entry(operation="GetAuthorizationToken", action="ecr:GetAuthorizationToken"),
        Entry(operation="BatchGetImage", action="ecr:BatchGetImage", resource="repository"),
        Entry(operation="GetDownloadUrlForLayer", action="ecr:GetDownloadUrlForLayer", resource="repository"),
        Entry(operation="BatchCheckLayerAvailability", action="ecr:BatchCheckLayerAvailability", resource="repository"),
    ),
    resources={"repository": _repository},
    unmodelled=frozenset({"ecr:ResourceTag/${TagKey}"}),
)
