"""IAM enforcement: every call of a role is judged by the policies that are deployed.

Not judged in process: VPC endpoint policies (no network here), organisation and session policies (there are none);
a permissions boundary is an error, since it is not emulated.
"""

from stackproof.embedded.iam.access import Iam
from stackproof.embedded.iam.records import Decided, Grant

__all__ = ["Decided", "Grant", "Iam"]
