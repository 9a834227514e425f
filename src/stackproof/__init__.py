"""stackproof: a CloudFormation stack for transaction files, and the suite that proves it."""

__version__ = "0.1.0"
