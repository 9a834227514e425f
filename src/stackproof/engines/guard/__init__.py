"""The cfn-guard engine: AWS CloudFormation Guard rules, run by its own program on one resource at a time."""

from stackproof.engines.guard.engine import GuardEngine
from stackproof.engines.guard.rules import hook_bundle

__all__ = ["GuardEngine", "hook_bundle"]
