"""Errors of templates and of the values given for them."""

from stackproof.errors import StackproofError


class TemplateError(StackproofError):
    """The template, or a value for it, is wrong: it can't be judged or deployed."""
