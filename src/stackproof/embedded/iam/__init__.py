"""IAM enforcement: every call of a role is judged by the policies that are deployed.

Not judged in process: VPC endpoint policies (no network here), organisation and session policies (there are none);
a permissions boundary is an error, since it is not emulated. Whatever cannot be told here (an address, an unknown
condition key, an operation that the table lacks) is an error that names it, never an answer.

A call becomes permissions (`operations`, one file a service: a new operation is one more `Entry` there) and what its
service asks of KMS (`encryption`); each is judged (`evaluate`) by the policies as they are deployed (`deployed`).
"""

from stackproof.embedded.iam.access import Iam
from stackproof.embedded.iam.records import Decided, Grant

__all__ = ["Decided", "Grant", "Iam"]
