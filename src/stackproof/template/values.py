"""The values of parameters under an environment, where some may stay unknown."""

from collections.abc import Mapping
from typing import Any

from stackproof.template import parameters
from stackproof.template.errors import TemplateError
from stackproof.template.model import Parameter, Source, Unknown

_SSM = "AWS::SSM::Parameter::Value<"


def parameter_values(source: Source, given: Mapping[str, str], *, named: str = "") -> dict[str, Parameter]:
    """Every parameter with its value: from the environment, else its default, else Unknown.

    `named` is the deployment file that errors name.

    Raises: TemplateError when the environment gives a parameter that does not exist, or a value that is not allowed.
    """
    declared = source.data.get("Parameters", {})
    where = f"{named or source.path}: "
    if stray := sorted(set(given) - set(declared)):
        known = ", ".join(sorted(declared)) or "none"
        raise TemplateError(f"{where}{source.path} has no parameter {stray[0]}; it has {known}.")
    return {
        name: Parameter(name=name, declaration=body, value=_value(name, body, given, where))
        for name, body in declared.items()
    }


def _value(name: str, body: Mapping[str, Any], given: Mapping[str, str], where: str) -> Any:
    if str(body.get("Type", "")).startswith(_SSM):
        # What an environment gives is the name of a parameter in Systems Manager, and no value.
        return Unknown(f"parameter {name} is read from Systems Manager at deployment", f"{{{name}?}}")
    if name not in given and "Default" not in body:
        return Unknown(f"parameter {name} has no value: give it a default or an environment", f"{{{name}?}}")
    try:
        return parameters.values({name: body}, {name: given[name]} if name in given else {})[name]
    except TemplateError as error:
        raise TemplateError(f"{where}{error}") from None
    except (TypeError, ValueError, AttributeError) as error:  # a declaration that is none: MinLength: many
        raise TemplateError(f"{where}Parameter {name} is not declared rightly: {error}.") from None
