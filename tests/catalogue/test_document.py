"""docs/controls.md is what the catalogue says."""

from dataclasses import replace
from pathlib import Path

from stackproof.catalogue import default_policies, load
from stackproof.catalogue.document import render

PAGE = Path(__file__).resolve().parents[2] / "docs" / "controls.md"


def test_the_page_is_up_to_date() -> None:
    page = render(load(default_policies()))
    assert PAGE.read_text(encoding="utf-8") == page, "run: python -m stackproof.catalogue.document docs/controls.md"


def test_a_page_shows_control_rules_requirements_and_exclusions(policies: Path) -> None:
    page = render(load(policies))
    assert (
        "| [recovery-versioning](#recovery-versioning) | Buckets are versioned | high | `cfn-guard:s3_versioning` |"
        " SOC 2: A1.2 |\n" in page
    )
    assert "**Why.** Overwritten objects are lost.\n\n**How to fix.** Set VersioningConfiguration.\n" in page
    assert "| A1.2 | Backups | [recovery-versioning](#recovery-versioning) |\n" in page
    assert "| `cfn-lint:W3002` | Local code before packaging. |\n" in page
    assert "3 controls, 5 rules: 4 of cfn-lint, 1 of cfn-guard.\n" in page
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Recovery",
        "## Resilience",
        "## Lint",
        "## What is left out, by name",
        "## The requirements, and the controls that answer them",
    ]


def test_a_bar_in_a_title_does_not_break_the_table(policies: Path) -> None:
    catalogue = load(policies)
    control = replace(catalogue.control("lint-template"), title="a | b")
    page = render(replace(catalogue, controls={control.id: control}))
    assert "| a \\| b |" in page
