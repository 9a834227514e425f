"""Secrets where everybody reads them."""

from collections.abc import Iterator
from typing import Any

from stackproof.mutate import tree
from stackproof.mutate.model import Mutant
from stackproof.mutate.registry import operator
from stackproof.mutate.target import Target

# Shapes of secrets, put together here so that no scanner takes this file for a leak. None was ever valid.
_KEY_ID = "AKIA" + "Q3EGRIUIZ7X2MFRW"
_SECRET = "wJalrXUtnFEMI" + "K7MDENGbPxRfiCY" + "q2zVd8Lw1sTe"
_PLANTED: tuple[tuple[str, str], ...] = (
    ("DB_PASSWORD", "Tr0ub4dor" + "&3-x9"),
    ("AWS_ACCESS_KEY_ID_OF_PARTNER", _KEY_ID),
    ("API_TOKEN", _SECRET),
)


@operator("secret-in-environment")
def secret_in_environment(target: Target) -> Iterator[Mutant]:
    """A function has a secret in its environment."""
    for function in target.of_type("AWS::Lambda::Function", "AWS::Serverless::Function"):
        path = (*target.body(function), "Properties", "Environment", "Variables")
        for name, value in _PLANTED:
            data = tree.replaced(target.data, (*path, name), value)
            yield target.change(path, data, f"{name} holds a secret", ("secrets-environment",), after=name)


@operator("secret-in-parameter")
def secret_in_parameter(target: Target) -> Iterator[Mutant]:
    """A secret parameter is shown, or has a default."""
    for name, body in (
        ("DatabasePassword", {"Type": "String", "Default": _PLANTED[0][1]}),
        ("ApiToken", {"Type": "String", "NoEcho": True, "Default": _SECRET}),
        ("MasterUserPassword", {"Type": "String", "NoEcho": False, "Default": "changeit" + "42!"}),
    ):
        path = ("Parameters", name)
        data = tree.replaced(target.data, path, body)
        used = next(iter(target.resources.values()))
        data = tree.replaced(data, (*target.body(used), "Metadata", "Uses"), {"Ref": name})
        yield target.change(path, data, f"the parameter {name} is shown or has a default", ("secrets-parameters",))


@operator("secret-in-password")
def secret_in_password(target: Target) -> Iterator[Mutant]:
    """A database's password is written out, or a parameter that is shown or kept nowhere."""
    for kind in ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Redshift::Cluster"):
        for resource in target.of_type(kind):
            path = (*target.body(resource), "Properties", "MasterUserPassword")
            written = tree.replaced(target.data, path, _PLANTED[0][1])
            yield target.change(path, written, "the password is written out", ("secrets-parameters",))
            for hidden in (False, True):
                body = {"Type": "String", "NoEcho": hidden}
                data = tree.replaced(target.data, path, {"Ref": "Given"})
                data = tree.replaced(data, ("Parameters", "Given"), body)
                what = f"the password is a parameter {'of the template' if hidden else 'that is shown'}"
                yield target.change(path, data, what, ("secrets-parameters",))


@operator("secret-in-user-data")
def secret_in_user_data(target: Target) -> Iterator[Mutant]:
    """User data export a secret."""
    places = [("AWS::EC2::LaunchTemplate", ("LaunchTemplateData", "UserData")), ("AWS::EC2::Instance", ("UserData",))]
    for kind, below in places:
        for resource in target.of_type(kind):
            path = (*target.body(resource), "Properties", *below)
            for line in (f"export DB_PASSWORD={_PLANTED[0][1]}", f"aws configure set aws_access_key_id {_KEY_ID}"):
                value = {"Fn::Base64": f"#!/bin/bash\n{line}\n"}
                data = tree.replaced(target.data, path, value)
                yield target.change(path, data, "the user data hold a secret", ("secrets-user-data",))


@operator("secret-in-job-definition")
def secret_in_job_definition(target: Target) -> Iterator[Mutant]:
    """A job definition has a secret in its environment, its command or its parameters."""
    for job in target.of_type("AWS::Batch::JobDefinition"):
        base = (*target.body(job), "Properties")
        variables = (*base, "ContainerProperties", "Environment")
        known: list[Any] = tree.at(target.data, variables) if tree.has(target.data, variables) else []
        for name, value in _PLANTED:
            data = tree.replaced(target.data, variables, [*known, {"Name": name, "Value": value}])
            yield target.change(variables, data, f"{name} holds a secret", ("secrets-job-definitions",), after=name)
        command = (*base, "ContainerProperties", "Command")
        data = tree.replaced(target.data, command, ["run", "--password", _PLANTED[0][1]])
        yield target.change(command, data, "the command holds a secret", ("secrets-job-definitions",))
        data = tree.replaced(target.data, (*base, "Parameters"), {"db_password": _PLANTED[0][1]})
        yield target.change(base, data, "the parameters hold a secret", ("secrets-job-definitions",))
