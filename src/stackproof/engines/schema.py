"""The schema engine, for quick runs: AWS's own CloudFormation parser and resource schemas, in this process.

`cloudformation-validate` takes milliseconds where cfn-lint takes seconds, and sees less: a whole run uses cfn-lint.
"""

from importlib import metadata

from stackproof.engines.protocol import EngineFailure, Run, Subject, Task
from stackproof.findings.outcome import Outcome
from stackproof.findings.result import Result, RuleId

NAME = "schema"
RULE = RuleId(engine=NAME, rule="valid")


class SchemaEngine:
    """Every resource against the schema of its type. Its only rule is `valid`."""

    name = NAME

    def version(self) -> str:
        """The version of cloudformation-validate.

        Raises: EngineFailure when it is not installed.
        """
        try:
            return metadata.version("cloudformation-validate")
        except metadata.PackageNotFoundError:
            raise EngineFailure(
                "schema: cloudformation-validate is not installed; run: pip install 'stackproof[gate]'"
            ) from None

    def close(self) -> None:
        """It has no processes."""

    def run(self, task: Task) -> Run:
        """Judge all subjects, each distinct template text once.

        Raises: EngineFailure.
        """
        version = self.version()
        from cloudformation_validate import SchemaValidator, TemplateContent, ValidationError

        validator = SchemaValidator()
        results: dict[str, tuple[Result, ...]] = {}
        failures: dict[str, str] = {}
        for subject in task.subjects:
            source = subject.template.source
            try:
                found = validator.validate(TemplateContent(source.text, source.path))
            except ValidationError as error:
                failures[subject.key] = f"schema: {source.path} was not validated: {error}"
                continue
            results[subject.key] = tuple(_results(subject, found))
        return Run(version=version, rules=1, results=results, failures=failures)


def _results(subject: Subject, found: list) -> list[Result]:  # type: ignore[type-arg]
    wrong = [one for one in found if one.severity.name in ("FATAL", "ERROR")]
    results = [
        Result(
            rule=RULE,
            resource=(
                name := one.entity.logical_id if one.entity and one.entity.entity_type.name == "RESOURCE" else None
            ),
            outcome=Outcome.FAIL,
            path=("Resources", name, *(one.property_path or "").replace("/", ".").split(".")) if name else (),
            message=f"{one.message} ({one.rule_id})",
            line=one.start_line,
            column=one.start_column,
        )
        for one in wrong
    ]
    failed = {result.resource for result in results}
    return results + [
        Result(rule=RULE, resource=name, outcome=Outcome.PASS)
        for name in subject.template.resources
        if name not in failed
    ]
