"""`stackproof deploy-arguments`."""

from pathlib import Path

import click

from stackproof import deployment


@click.command("deploy-arguments")
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Print a deployment FILE's parameters and tags as options of `aws cloudformation deploy`.

    \b
    Example (the values are quoted, and xargs reads the quotes):
      stackproof deploy-arguments template/environments/dev.yaml | xargs aws cloudformation deploy \\
        --template-file packaged.yaml --stack-name batchflow --s3-bucket my-artifacts \\
        --capabilities CAPABILITY_IAM
    """
    click.echo(deployment.deploy_arguments(deployment.load(file)))
