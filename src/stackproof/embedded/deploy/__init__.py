"""Deploy a CloudFormation template into the embedded AWS: every property is kept, or refused by name."""

from stackproof.embedded.deploy.deployer import Deployer
from stackproof.embedded.deploy.model import DeploymentFailed, Resource, Stack, TemplateError

__all__ = ["Deployer", "DeploymentFailed", "Resource", "Stack", "TemplateError"]
