"""A catalogue is read whole, and a malformed one is refused with file, line, fault and help."""

import pickle
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stackproof.catalogue import Catalogue, default_policies, load
from stackproof.catalogue.files import read
from stackproof.errors import StackproofError
from stackproof.findings.outcome import Area, Severity
from stackproof.findings.result import RuleId

Spoil = Callable[[str, str, str], Path]


def cfn_lint(name: str) -> RuleId:
    return RuleId(engine="cfn-lint", rule=name)


def ids(catalogue: Catalogue, rule: RuleId) -> list[str]:
    return [control.id for control in catalogue.of_rule(rule)]


def test_a_whole_catalogue(policies: Path) -> None:
    catalogue = load(policies)
    control = catalogue.control("recovery-versioning")
    assert (control.title, control.area, control.severity) == ("Buckets are versioned", Area.RECOVERY, Severity.HIGH)
    assert control.rules == (RuleId(engine="cfn-guard", rule="s3_versioning"),)
    assert control.frameworks == {"soc2-tsc": ("A1.2",)}
    assert list(catalogue.controls) == ["recovery-versioning", "lint-template", "resilience-runtimes"]
    assert catalogue.thresholds["recovery"]["pitr_window_days"] == 35
    assert catalogue.frameworks["soc2-tsc"].requirements == {"A1.2": "Backups"}
    assert [(one.rule, one.reason) for one in catalogue.excluded] == [
        (cfn_lint("W3002"), "Local code before packaging.")
    ]


def test_a_rule_finds_its_control_the_longest_prefix_first(policies: Path) -> None:
    catalogue = load(policies)
    assert ids(catalogue, RuleId(engine="cfn-guard", rule="s3_versioning")) == ["recovery-versioning"]
    assert ids(catalogue, cfn_lint("E3012")) == ["lint-template"]
    assert ids(catalogue, cfn_lint("E2531")) == ["resilience-runtimes"]
    assert ids(catalogue, cfn_lint("E2533")) == ["resilience-runtimes"]
    assert ids(catalogue, cfn_lint("W2531")) == ["lint-template"]
    assert ids(catalogue, cfn_lint("I3011")) == []
    assert ids(catalogue, RuleId(engine="graph", rule="s3_versioning")) == []
    assert ids(catalogue, RuleId(engine="cfn-guard", rule="s3_versioning_more")) == []


def test_the_rules_of_an_engine(policies: Path) -> None:
    catalogue = load(policies)
    assert catalogue.rules_of("cfn-lint") == ("E", "W", "E2531", "E25")
    assert catalogue.rules_of("graph") == ()


def test_an_exclusion_is_of_one_rule_only(policies: Path) -> None:
    catalogue = load(policies)
    assert catalogue.exclusion(cfn_lint("W3002")) == catalogue.excluded[0]
    assert catalogue.exclusion(cfn_lint("W3001")) is None


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("recovery-versionning", "Did you mean recovery-versioning?"),
        ("versioning", "Did you mean recovery-versioning?"),
        ("Lint-Template", "Did you mean lint-template?"),
        ("zzz", "`stackproof rules` lists all"),
    ],
)
def test_an_unknown_control_is_helped_on(policies: Path, name: str, guess: str) -> None:
    with pytest.raises(StackproofError, match=r"There is no control") as error:
        load(policies).control(name)
    assert guess in str(error.value)


def test_a_catalogue_travels_between_processes(policies: Path) -> None:
    catalogue = load(policies)
    assert pickle.loads(pickle.dumps(catalogue)) == catalogue


# file, text, instead, line (None: no line), what is said
BAD = {
    "yaml": ("controls.yaml", "area: recovery", "area: [recovery", 9, "not readable as YAML"),
    "key_twice": (
        "controls.yaml",
        "    area: recovery",
        "    area: recovery\n    area: iam",
        9,
        "'area' stands there",
    ),
    "unknown_key": (
        "controls.yaml",
        "    area: recovery",
        "    area: recovery\n    owner: me",
        9,
        "'owner' is not known",
    ),
    "unknown_top_key": ("controls.yaml", "excluded:", "exclude:", 2, "'exclude' is not known"),
    "missing_key": (
        "controls.yaml",
        "    why: Overwritten objects are lost.\n",
        "",
        6,
        "recovery-versioning: the key why",
    ),
    "id_twice": (
        "controls.yaml",
        "id: lint-template",
        "id: recovery-versioning",
        16,
        "recovery-versioning is there twice",
    ),
    "id_form": ("controls.yaml", "id: lint-template", "id: Lint_Template", 16, "'Lint_Template' is no id"),
    "area": ("controls.yaml", "area: lint", "area: linting", 18, "'linting'. It is one of encryption, recovery"),
    "severity": ("controls.yaml", "severity: high", "severity: severe", 9, "'severe'. It is one of critical, high"),
    "title_empty": ("controls.yaml", "title: The template is valid", "title: ''", 17, "title is empty"),
    "why_no_text": ("controls.yaml", "why: No patches.", "why: 3", 29, "why is 3, not a text"),
    "no_rules": ("controls.yaml", '["cfn-guard:s3_versioning"]', "[]", 12, "is empty, so nothing would be checked"),
    "rules_no_list": ("controls.yaml", '["cfn-guard:s3_versioning"]', "cfn-guard:s3_versioning", 12, "not a list"),
    "rule_no_engine": ("controls.yaml", "cfn-guard:s3_versioning", "s3_versioning", 12, "names no engine"),
    "rule_engine": ("controls.yaml", "cfn-guard:s3", "guard:s3", 12, "'guard' in 'guard:s3_versioning' is no engine"),
    "rule_name": (
        "controls.yaml",
        "cfn-guard:s3_versioning",
        "cfn-guard:S3 Versioning",
        12,
        "no name of a cfn-guard rule",
    ),
    "rule_twice": (
        "controls.yaml",
        '"cfn-lint:E25"',
        '"cfn-lint:E"',
        31,
        "serves lint-template and resilience-runtimes",
    ),
    "framework": ("controls.yaml", "soc2-tsc: [", "soc3: [", 14, "soc3 is not in frameworks.yaml"),
    "requirement": ("controls.yaml", '"A1.2"', '"A9.9"', 14, "no requirement A9.9"),
    "requirement_twice": ("controls.yaml", '"A1.2"', '"A1.2", "A1.2"', 14, "A1.2 stands there twice"),
    "requirement_number": ("controls.yaml", '"A1.2"', "1.2", 14, "is 1.2, not a text"),
    "requirements_empty": ("controls.yaml", '["A1.2"]', "[]", 14, "is empty"),
    "excluded_prefix": ("controls.yaml", '"cfn-lint:W3002"', '"cfn-lint:W3"', 2, "only single rules of cfn-lint can"),
    "excluded_other": ("controls.yaml", '"cfn-lint:W3002"', '"graph:s3"', 2, "graph:s3 can't be excluded"),
    "excluded_in_use": ("controls.yaml", '"cfn-lint:W3002"', '"cfn-lint:E2531"', 31, "E2531 is excluded and checks"),
    "excluded_reason": ("controls.yaml", "reason: Local code before packaging.", "reason:", 3, "reason is empty"),
    "frameworks_key": ("frameworks.yaml", "    label: SOC 2\n", "", 3, "the key label is missing"),
    "frameworks_number": (
        "frameworks.yaml",
        '"A1.2"',
        "1.2",
        8,
        "1.2 below frameworks.soc2-tsc.requirements is no text",
    ),
    "threshold_null": ("thresholds.yaml", "35", "", 2, "recovery.pitr_window_days is None"),
    "threshold_bool": ("thresholds.yaml", "35", "yes", 2, "recovery.pitr_window_days is True"),
    "threshold_negative": ("thresholds.yaml", "35", "-1", 2, "from 0 on"),
    "threshold_nan": ("thresholds.yaml", "35", ".nan", 2, "from 0 on"),
    "threshold_date": ("thresholds.yaml", "35", "2026-01-01", 2, "Quote it"),
    "threshold_impossible_date": ("thresholds.yaml", "35", "2026-13-41", None, "not readable as YAML"),
    "threshold_empty_list": ("thresholds.yaml", "35", "[]", 2, "is empty"),
    "threshold_pattern": ("thresholds.yaml", "(?i)archive", "(archive", 3, "no regular expression"),
    "threshold_section": ("thresholds.yaml", "recovery:", "recovery: 3\nother:", 1, "recovery is 3, not a map"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_malformed_catalogue_is_refused(spoil: Spoil, case: str) -> None:
    file, old, new, line, said = BAD[case]
    folder = spoil(file, old, new)
    with pytest.raises(StackproofError) as error:
        load(folder)
    place = f"{folder / file}:{line}: " if line else f"{folder / file}: "
    assert str(error.value).startswith(place)
    assert said in str(error.value)
    assert error.value.exit_code == 2


@pytest.mark.parametrize("file", ["controls.yaml", "frameworks.yaml", "thresholds.yaml"])
def test_a_file_that_is_missing_empty_or_of_another_kind_is_refused(policies: Path, file: str) -> None:
    path = policies / file
    for content, said in [
        (b"", "the file is empty"),
        (b"# only a comment\n", "the file is empty"),
        (b"- a\n- b\n", "holds a list"),
        (b"just text", "holds the value 'just text'"),
        (b"1: a\n", "keys that are no text"),
        (b"{}\n", "missing" if file != "thresholds.yaml" else "the file is empty"),
        (b"\xff\xfe\xfa", "not UTF-8"),
        (b"a: !!python/object:os.system {}\n", "not readable as YAML"),
        (b"[" * 5000, "not readable as YAML"),
    ]:
        path.write_bytes(content)
        with pytest.raises(StackproofError, match=file) as error:
            load(policies)
        assert said in str(error.value)
    path.unlink()
    with pytest.raises(StackproofError, match="No such file"):
        load(policies)


@pytest.mark.parametrize("file", ["controls.yaml", "frameworks.yaml"])
def test_no_controls_and_no_frameworks_are_refused(policies: Path, file: str) -> None:
    key = file.removesuffix(".yaml")
    (policies / file).write_text(f"{key}: {'[]' if key == 'controls' else '{}'}\n")
    with pytest.raises(StackproofError, match=rf"{key} is empty"):
        load(policies)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackproofError, match="no such folder"):
        load(tmp_path / "nowhere")


YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=8,
)
ENTRY_KEYS = st.sampled_from(["id", "title", "area", "severity", "why", "fix", "rules", "frameworks"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60) | st.text(alphabet="&*!{}[]:-?|>%@'\"#,~ \n\tab1.<", max_size=60))
def test_any_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "controls.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    try:
        data, said = read(path), ""
    except StackproofError as error:
        data, said = {}, str(error)
    assert isinstance(data, dict)
    assert not said or str(path) in said


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=ENTRY_KEYS, value=YAML_VALUES)
def test_any_value_of_an_entry_is_taken_or_refused_at_its_place(policies: Path, key: str, value: object) -> None:
    import yaml

    path = policies / "controls.yaml"
    data = yaml.safe_load(path.read_text())
    data["controls"][0][key] = value
    spoilt = policies.parent / "spoilt"
    spoilt.mkdir(exist_ok=True)
    for name in ("frameworks.yaml", "thresholds.yaml"):
        (spoilt / name).write_text((policies / name).read_text())
    (spoilt / "controls.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    try:
        control, said = next(iter(load(spoilt).controls.values())), ""
    except StackproofError as error:
        control, said = None, str(error)
    if control is None:
        assert str(spoilt / "controls.yaml") in said
    else:
        assert control.title
        assert control.rules


def test_the_own_catalogue_is_read_fast() -> None:
    def seconds() -> float:
        start = time.process_time()
        load(default_policies())
        return time.process_time() - start

    assert min(seconds() for _ in range(5)) < 0.1  # on a quiet machine 0.012; a slip to the Python parser costs 0.2
