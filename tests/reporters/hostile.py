"""Reports in which every text that a template, its environment or an engine brings is hostile."""

from dataclasses import replace

from hypothesis import strategies as st

from stackproof.findings.report import Finding, GateReport, Problem, Report, Scope, Suppression
from tests.reporters.sample import HOSTILE, RICH

NASTY = (
    HOSTILE,
    "<b onmouseover=alert(1)>",
    "</style></title></textarea>--><script>",
    "]]><x/>",
    "\x1b[31m\x9b2J\x07\x08",
    "\u202e\u2066\u200f\u061c\ufeff",
    "a\r\n\r\n# head\n- item\n1. item\n> quote\n    code",
    "\n::set-output name=x::y",
    "##[error]x ##vso[task] ##teamcity[x]",
    "```\n</details>\n|x|y|",
    "[a](javascript:b) ![i](http://c) <http://d> www.e.f @all #7",
    "{{ 1 }}{% raw %}${x} $(y) $x^2$",
    "\ud800\udfff\x00\ue100Key.Arn\ue101",
    "\\`*_~| && || ; rm",
    "Ａ\u3000\u2028\u2029\x85é̂́",
)

texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(codec=None), max_size=40),
    st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=8)), min_size=1, max_size=3).map("".join),
).filter(lambda text: text.strip() != "")


def finding(known: Finding, text: str) -> Finding:
    """A finding with a hostile text wherever a template can put one."""
    return replace(
        known,
        resource=text if known.resource else None,
        resource_type=text if known.resource_type else None,
        path=("Resources", text, 0) if known.path else (),
        message=text,
        when=text if known.when else "",
        file=text if known.file else None,
        excerpt=tuple((number, text) for number, _ in known.excerpt),
        waiver=known.waiver and replace(known.waiver, resource=text, reason=text, owner=text, approver=text, file=text),
    )


def report(known: Report, text: str) -> Report:
    """A report with hostile texts."""
    return replace(
        known,
        template=text,
        environment=None if known.environment is None else f"{text}{known.environment}",
        engines=tuple(replace(e, version=text, error=text if e.error else None) for e in known.engines),
        controls=tuple(
            replace(c, **{name: (text,) for name in ("passed", "failed", "unknown", "waived") if getattr(c, name)})
            for c in known.controls
        ),
        findings=tuple(finding(each, text) for each in known.findings),
        suppressions=tuple(
            Suppression(tool=s.tool, text=text, resource=text if s.resource else None, line=s.line)
            for s in known.suppressions
        ),
    )


def poisoned(text: str, known: GateReport = RICH) -> GateReport:
    """The rich sample with a hostile text everywhere."""
    return replace(
        known,
        reports=tuple(report(each, text) for each in known.reports),
        errors=tuple(Problem(path=p.path and text, message=text, exit_code=p.exit_code) for p in known.errors),
        notes=(text,),
        scope=Scope(complete=False, left_out=(f"environment {text}", f"engine {text}")),
    )
