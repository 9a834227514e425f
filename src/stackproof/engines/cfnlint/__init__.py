"""The cfn-lint engine: cfn-lint's own rules and ours, in worker processes that judge many templates."""

from stackproof.engines.cfnlint.engine import CfnLintEngine

__all__ = ["CfnLintEngine"]
