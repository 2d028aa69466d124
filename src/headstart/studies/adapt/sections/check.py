"""What was found in the data before anything was trained."""

from typing import Any

from headstart.report.text import join_words, pluralise, quoted, shorten_middle
from headstart.studies.adapt import DataCheck, Finding
from headstart.studies.adapt.run_records import Given

MOST = 60  # classes that are drawn
NOUNS = {  # one of what is counted, several, and what rows are said to be of
    "classes": ("class", "classes", "of each class"),
    "tags": ("tag", "tags", "with each tag"),
}


def view(given: Given) -> dict[str, Any]:
    """The size of every class, and the findings, warnings first."""
    check, noun = given.result.check, NOUNS.get(given.result.label_kind, NOUNS["classes"])
    findings = sorted(check.findings, key=lambda f: f.severity != "warning")
    shown = _shown(check)
    return {
        "say": [_sizes(check, noun), _found(check.findings)],
        "bars": _bars(shown),
        "heading": f"Rows {noun[2]}",
        "label": f"Rows {noun[2]}: {', '.join(f'{name} {rows:,}' for name, rows in shown)}",
        "cut": _cut(len(check.classes), len(shown), noun),
        "findings": [_finding(f) for f in findings],
    }


def _sizes(check: DataCheck, noun: tuple[str, str, str]) -> str:
    sizes = check.classes
    if not sizes:
        return (
            f"{pluralise(check.rows, 'readable row')}."
            if check.rows
            else "The data check counted no classes."
        )
    small, large = min(sizes, key=lambda c: sizes[c]), max(sizes, key=lambda c: sizes[c])
    of = "in" if noun[0] == "class" else "with"
    rows = f"{pluralise(check.rows, 'readable row')} {of} {pluralise(len(sizes), *noun[:2])}"
    if sizes[small] == sizes[large]:
        return f"{rows}, {sizes[small]:,} in each."
    times = f", {sizes[large] / sizes[small]:.1f} times as many" if sizes[small] else ""
    return f"{rows}: from {sizes[small]:,} ({quoted(small)}) to {sizes[large]:,} ({quoted(large)}){times}."


def _found(findings: list[Finding]) -> str:
    if not findings:
        return "The check found nothing to remark on."
    warnings = sum(f.severity == "warning" for f in findings)
    notes = len(findings) - warnings
    parts = [pluralise(n, word) for n, word in ((warnings, "warning"), (notes, "note")) if n]
    return f"The check gave {join_words(parts)}."


def _shown(check: DataCheck) -> list[tuple[str, int]]:
    """All classes in their order, or the largest and the smallest."""
    sizes = list(check.classes.items())
    if len(sizes) <= MOST:
        return sizes
    ordered = sorted(sizes, key=lambda pair: -pair[1])
    return ordered[: MOST // 2] + ordered[-MOST // 2 :]


def _cut(classes: int, shown: int, noun: tuple[str, str, str]) -> str:
    if shown == classes:
        return ""
    return f"Of {classes:,} {noun[1]} the {shown // 2} largest and the {shown // 2} smallest are shown."


def _bars(shown: list[tuple[str, int]]) -> list[dict[str, str]]:
    most = max((rows for _, rows in shown), default=0) or 1
    return [
        {"name": shorten_middle(n, 28), "full": n, "rows": f"{rows:,}", "part": f"{rows / most:.3f}"}
        for n, rows in shown
    ]


def _finding(finding: Finding) -> dict[str, Any]:
    more = finding.count - len(finding.items)
    return {
        "severity": finding.severity,
        "kind": finding.kind.replace("-", " "),
        "text": finding.text,
        "items": finding.items,
        "more": f"and {more:,} more" if finding.items and more > 0 else "",
    }
