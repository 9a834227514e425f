"""Resolve a template's values: intrinsic functions, conditions, pseudo parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stackproof.embedded.deploy.model import Template, TemplateError
from stackproof.embedded.deploy.order import SUBSTITUTED
from stackproof.template import intrinsics


class _NoValue:
    """What `AWS::NoValue` gives: the property is left out."""

    def __repr__(self) -> str:
        return "AWS::NoValue"

    def __deepcopy__(self, memo: dict[int, Any]) -> "_NoValue":
        return self


NO_VALUE = _NoValue()


@dataclass(kw_only=True)
class Resolver:
    """Resolves values of one template for one stack. `ref` and `attribute` answer for resources that exist by then;
    `zones` gives the availability zones of a region."""

    template: Template
    parameters: Mapping[str, Any]
    pseudo: Mapping[str, Any]
    zones: Callable[[str], list[str]]
    ref: Callable[[str], Any]
    attribute: Callable[[str, str], Any]
    _conditions: dict[str, bool] = field(default_factory=dict)
    _asking: list[str] = field(default_factory=list)

    def resolve(self, value: Any, where: str) -> Any:
        """`value` without functions; `where` names its place in errors. May be `NO_VALUE`."""
        match value:
            case {"Ref": name} if len(value) == 1:
                return self._ref(name, where)
            case dict() if len(value) == 1 and next(iter(value)).startswith("Fn::"):
                name, argument = next(iter(value.items()))
                return self._function(name, argument, f"{where}.{name}")
            case dict():
                resolved = ((k, self.resolve(v, f"{where}.{k}")) for k, v in value.items())
                return {k: v for k, v in resolved if v is not NO_VALUE}
            case list():
                items = (self.resolve(v, f"{where}[{i}]") for i, v in enumerate(value))
                return [v for v in items if v is not NO_VALUE]
            case str():
                return _literal(value, where)
            case _:
                return value

    def condition(self, name: str) -> bool:
        """Whether a condition of the template holds.

        Raises: TemplateError when it is unknown or leads back to itself.
        """
        if name in self._conditions:
            return self._conditions[name]
        if name not in self.template.conditions:
            raise TemplateError(f"The template has no condition {name}.")
        if name in self._asking:
            raise TemplateError(f"Circular conditions: {' -> '.join([*self._asking, name])}.")
        self._asking.append(name)
        self._conditions[name] = self.truth(self.template.conditions[name], f"Conditions.{name}")
        self._asking.pop()
        return self._conditions[name]

    def truth(self, value: Any, where: str) -> bool:
        """The truth of a condition function."""
        match value:
            case {"Condition": str(name)}:
                return self.condition(name)
            case {"Fn::Equals": [one, other]}:
                return bool(intrinsics.text(self._known(one, where)) == intrinsics.text(self._known(other, where)))
            case {"Fn::Not": [only]}:
                return not self.truth(only, where)
            case {"Fn::And": [*parts]}:
                return all(self.truth(part, where) for part in parts)
            case {"Fn::Or": [*parts]}:
                return any(self.truth(part, where) for part in parts)
            case {"Fn::Contains": [options, wanted]}:
                return self._known(wanted, where) in self._known(options, where)
            case {"Fn::EachMemberIn": [members, options]}:
                return set(self._known(members, where)) <= set(self._known(options, where))
            case {"Fn::EachMemberEquals": [members, wanted]}:
                return all(m == self._known(wanted, where) for m in self._known(members, where))
            case _:
                raise TemplateError(f"{where}: {value!r} is no condition that is known here.")

    def check_rules(self) -> None:
        """Hold the parameters against the template's Rules.

        Raises: TemplateError with the assertion's own description.
        """
        for name, rule in self.template.rules.items():
            where = f"Rules.{name}"
            if "RuleCondition" in rule and not self.truth(rule["RuleCondition"], where):
                continue
            for assertion in rule.get("Assertions", []):
                if not self.truth(assertion.get("Assert"), where):
                    raise TemplateError(f"{where}: {assertion.get('AssertDescription', 'the assertion does not hold')}")

    def _known(self, value: Any, where: str) -> Any:
        return self.resolve(value, where)

    def _ref(self, name: Any, where: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        if name in self.template.resources:
            return self.ref(name)
        raise TemplateError(f"{where}: Ref to {name!r}, which is no parameter and no resource.")

    def _attribute(self, name: str, attribute: str, where: str) -> Any:
        if name not in self.template.resources:
            raise TemplateError(f"{where}: GetAtt of {name!r}, which is no resource.")
        return self.attribute(name, attribute)

    def _function(self, name: str, argument: Any, where: str) -> Any:
        match name, argument:
            case "Fn::If", [str(condition), then, otherwise]:
                return self.resolve(then if self.condition(condition) else otherwise, where)
            case "Fn::GetAtt", [str(logical_id), attribute]:
                return self._attribute(logical_id, self.resolve(attribute, where), where)
            case "Fn::Sub", str(text):
                return self._substitute(text, {}, where)
            case "Fn::Sub", [str(text), dict(variables)]:
                return self._substitute(text, self.resolve(variables, where), where)
            case "Fn::FindInMap", [_, _, _, *_]:
                return self._find_in_map(argument, where)
            case "Fn::GetAZs", region:
                return self.zones(self.resolve(region, where) or self.pseudo["AWS::Region"])
            case "Fn::ImportValue", _:
                raise TemplateError(f"{where}: there is no other stack to import from.")
        if name in ("Fn::ToJsonString", "Fn::Length") and not self.template.language_extensions:
            raise TemplateError(f"{where}: {name} needs 'Transform: AWS::LanguageExtensions'.")
        return intrinsics.apply(name, self.resolve(argument, where), where)

    def _substitute(self, text: str, variables: Mapping[str, Any], where: str) -> str:
        def value(name: str) -> str:
            if name in variables:
                found = variables[name]
            elif "." in name:
                logical_id, attribute = name.split(".", 1)
                found = self._attribute(logical_id, attribute, where)
            else:
                found = self._ref(name, where)
            if isinstance(found, list | dict) or found is NO_VALUE:
                raise TemplateError(f"{where}: ${{{name}}} is no text but {found!r}.")
            return str(intrinsics.text(found))

        return SUBSTITUTED.sub(lambda m: f"${{{m[2]}}}" if m[1] else value(m[2]), _literal(text, where))

    def _find_in_map(self, argument: list[Any], where: str) -> Any:
        table, top, second = (self.resolve(part, where) for part in argument[:3])
        try:
            return self.resolve(self.template.mappings[table][top][second], where)
        except (KeyError, TypeError):
            match argument[3:]:
                case [{"DefaultValue": default}] if self.template.language_extensions:
                    return self.resolve(default, where)
            raise TemplateError(f"{where}: there is no {table}.{top}.{second} in Mappings.") from None


def _literal(text: str, where: str) -> str:
    if "{{resolve:" in text:
        raise TemplateError(
            f"{where}: dynamic references ({{{{resolve:...}}}}) are not emulated; give the value itself."
        )
    return text
