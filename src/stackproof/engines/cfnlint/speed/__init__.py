"""cfn-lint, faster, with the same outcomes.

cfn-lint spends most of its time on work that it has done before: copies of immutable values made field by field,
classes and resolvers made anew for the same schema, schemas searched from end to end, the same question put to a SAT
solver. These modules replace such functions in the worker's process by ones that compute the same and keep what they
know. They are written for the one version that is pinned, the engine refuses any other, and a test holds their
matches against the plain command line's on whole templates and on hundreds of broken ones.
"""

from typing import Any

from stackproof.engines.cfnlint.speed import conditions, copies, keywords, resolvers, rules, search, validators


def install() -> None:
    """Replace what is slow. Before the rules are loaded, as their modules take functions over by name."""
    for part in (copies, resolvers, validators, keywords, conditions, rules, search):
        part.install()


def install_on(loaded: Any) -> None:
    """Replace what is slow in rules that are loaded: their classes are not those that can be imported."""
    keywords.install_on(loaded)
