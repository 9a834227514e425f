"""The rule interface: all that a rule of the graph engine imports.

A rule is a pure function in a file of its name, below `policies/graph`. Its docstring's first line says what is
right. Its first argument is one resource of its population; further arguments are asked for by name: `graph`,
`thresholds`, `access`, `record`. It yields a `Hit` for each fault; a resource without hits passes. A value that is
not known ends the rule for that resource with the outcome `unknown` by itself, as soon as it is looked at.

    @rule("AWS::S3::Bucket")
    def s3_bucket_named(resource: Resource) -> Hits:
        \"\"\"A bucket has a name of its own.\"\"\"
        if not resource.get("BucketName"):
            yield Hit("the bucket has no name", path=("Properties",))
"""

from stackproof.rules.interface import TEMPLATE, Hit, Hits, Rule, rule
from stackproof.template.model import Resource, Unknown, UnknownValueError

__all__ = ["TEMPLATE", "Hit", "Hits", "Resource", "Rule", "Unknown", "UnknownValueError", "rule"]
