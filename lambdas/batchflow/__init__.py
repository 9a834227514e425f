"""The Lambda code of the batch flow: submit, monitor and bucket notification.

One artifact, three handlers, one role each. Pure decisions (`intake`, `plan`, `decide`, `merge`, `ledger`) stand apart
from what talks to AWS (`store`, `archive`, `batch`, `manifest`) and from the flows that join the two.
"""
