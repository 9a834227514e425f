"""The validator: the same descent, without a new class, resolver and template for each rule that takes it up.

A validator class of cfn-lint is made anew for every set of keywords, at every use; these are the same few hundred
sets for every template, so the classes are kept.
"""

from collections import deque
from typing import Any

from cfnlint.jsonschema import CfnTemplateValidator, StandardValidator, validators
from cfnlint.jsonschema._utils import custom_msg
from cfnlint.jsonschema.exceptions import UndefinedTypeCheck, UnknownType, ValidationError
from cfnlint.rules.jsonschema.Base import BaseJsonSchema
from cfnlint.schema.resolver import RefResolver

from stackproof.engines.cfnlint.speed.copies import copy_with

_MOST = 4096
_NOT_IN_SCHEMA_PATH = frozenset({"if", "$ref"})
_classes: dict[Any, Any] = {}
_create = validators.create


def _identity(function: Any) -> Any:
    """What two takings of the same function or bound method have in common; the class that is kept holds it alive."""
    owner = getattr(function, "__self__", None)
    return id(function) if owner is None else (id(owner), id(function.__func__))


def _evolve(self: Any, **changes: Any) -> Any:
    return copy_with(self, changes)


def _is_type(self: Any, instance: Any, type: str) -> bool:
    checker = self._type_checker
    try:
        return bool(checker.type_checkers[type](checker, instance))
    except (KeyError, UndefinedTypeCheck):
        raise UnknownType(type, instance, self.schema) from None


def _extend(self: Any, validators: Any = None, function_filter: Any = None, fn_resolvers: Any = None) -> Any:
    function_filter = function_filter or self.function_filter
    key = (
        id(self.validators),
        id(self.fn_resolvers),
        function_filter.add_cfn_lint_keyword,
        function_filter.validate_dynamic_references,
        tuple((name, _identity(function)) for name, function in (validators or {}).items()),
        tuple((name, _identity(function)) for name, function in (fn_resolvers or {}).items()),
    )
    if (kept := _classes.get(key)) is None:
        if len(_classes) >= _MOST:
            _classes.clear()
        kept = _create(
            validators={**self.validators, **(validators or {})},
            function_filter=function_filter,
            fn_resolvers={**self.fn_resolvers, **(fn_resolvers or {})},
        )
        _classes[key] = (_equip(kept), self.validators, self.fn_resolvers, validators, fn_resolvers)
        return kept
    return kept[0]


def _extend_validator(self: Any, validator: Any, schema: Any, context: Any, validators: Any = None) -> Any:
    keywords = self._get_validators()
    if validators:
        keywords.update(validators)
    return validator.extend(validators=keywords)(
        schema=schema, cfn=validator.cfn, context=context, resolver=RefResolver.from_schema(schema)
    )


def _descend(
    self: Any, instance: Any, schema: Any, path: Any = None, schema_path: Any = None, property_path: Any = None
) -> Any:
    context = self.context
    if path is not None or property_path is not None:
        context = copy_with(context, {"path": context.path.descend(path=path, cfn_path=property_path)})
    for error in copy_with(self, {"schema": schema, "context": context}).iter_errors(instance):
        if path is not None:
            error.path.appendleft(path)
        if schema_path is not None:
            error.schema_path.appendleft(schema_path)
        yield error


def _iter_errors(self: Any, instance: Any) -> Any:
    schema = self.schema
    if schema is True:
        return
    if schema is False:
        yield ValidationError(
            f"False schema does not allow {instance!r}",
            validator=None,
            validator_value=None,
            instance=instance,
            schema=schema,
        )
        return
    scope = schema.get("$id", "")
    if scope:
        self.resolver.push_scope(scope)
    try:
        keywords = self.validators
        for part, part_schema, validator in self.function_filter.filter(self, instance, schema):
            for keyword, value in part_schema.items():
                if (check := keywords.get(keyword)) is not None:
                    yield from _errors_of(self, check, validator, keyword, value, part, part_schema, instance)
    finally:
        if scope:
            self.resolver.pop_scope()


def _errors_of(
    self: Any, check: Any, validator: Any, keyword: str, value: Any, part: Any, schema: Any, instance: Any
) -> Any:
    try:
        for error in check(validator, value, part, schema) or ():
            message = custom_msg(keyword, schema) or error.message
            if message is not None:
                error.message = message
            error._set(
                validator=keyword,
                validator_value=value,
                instance=part,
                schema=schema,
                type_checker=self._type_checker,
            )
            if keyword not in _NOT_IN_SCHEMA_PATH:
                error.schema_path.appendleft(keyword)
            yield error
    except Exception as error:  # noqa: BLE001  as cfn-lint does: what a keyword raises is an error of the template
        yield ValidationError(
            f"Exception {str(error)!r} raised while validating {keyword!r}",
            validator=keyword,
            validator_value=value,
            instance=instance,
            schema=self.schema,
            schema_path=deque([keyword]),
        )


def _equip(validator_class: Any) -> Any:
    for name, method in (
        ("evolve", _evolve),
        ("is_type", _is_type),
        ("extend", _extend),
        ("descend", _descend),
        ("iter_errors", _iter_errors),
    ):
        setattr(validator_class, name, method)
    return validator_class


def _create_equipped(*arguments: Any, **named: Any) -> Any:
    return _equip(_create(*arguments, **named))


def install() -> None:
    """Put this descent in the place of cfn-lint's."""
    validators.create = _create_equipped
    _equip(CfnTemplateValidator)
    _equip(StandardValidator)
    BaseJsonSchema.extend_validator = _extend_validator
