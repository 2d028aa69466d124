"""A record of an alignment as `align` would write it, with figures that can be counted by hand."""

from dataclasses import replace
from typing import Any

from headstart.records.record import Interval
from headstart.studies.align import Alignment, EvalPoint, MethodResult

SHARED = "(backbone_lr = 1.0, norm = train)"
TITLES = {
    "source-only": f"Source only {SHARED}",
    "dann:backbone_lr=1.0,norm=train": f"Domain-adversarial training (DANN) {SHARED}",
    "mcc:backbone_lr=1.0,norm=train": f"Minimum class confusion (MCC) {SHARED}",
    "coral": "Correlation alignment (CORAL)",
}
DANN, MCC, CORAL = list(TITLES)[1:]
LOOKS = {  # (score, accuracy on the target) at half and at the end
    "source-only": [(0.1, 0.40), (0.2, 0.50)],
    DANN: [(0.3, 0.60), (0.6, 0.80)],
    MCC: [(0.3, 0.55), (0.4, 0.50)],
    CORAL: [(0.5, 0.45)],
}


def about(value: float, width: float = 0.05) -> Interval:
    """An interval of equal arms."""
    return Interval(value, value - width, value + width)


def row(method: str, title: str, score: float, **changes: Any) -> MethodResult:
    """A line of the table: +30 points over the source alone unless told otherwise."""
    made = MethodResult(
        method=method,
        title=title,
        seeds=1,
        score=score,
        source=0.9,
        steps=[20],
        last=about(0.75),
        selected=about(0.8),
        oracle=about(0.85),
        spread=0.0,
        gain=None if method == "source-only" else about(0.3),
        notes=[],
    )
    return replace(made, **changes)


def looks(method: str) -> list[EvalPoint]:
    """Of one training: at half and at the end, or only at the end."""
    found = LOOKS[method]
    ends = [1.0] if len(found) == 1 else [0.5, 1.0]
    return [
        EvalPoint(method, 0, round(20 * at), at, {"im": score, "source": 0.9}, 0.9, target)
        for at, (score, target) in zip(ends, found, strict=True)
    ]


def alignment(**changes: Any) -> Alignment:
    """Four methods on digits and scans; adversarial training was chosen and helps."""
    table = [
        row("source-only", TITLES["source-only"], 0.2, last=about(0.5), selected=about(0.5)),
        row(DANN, TITLES[DANN], 0.6),
        row(CORAL, TITLES[CORAL], 0.5, gain=about(-0.1)),
        row(MCC, TITLES[MCC], 0.4, gain=about(0.01)),
    ]
    made = Alignment(
        schema=1,
        headstart="0.1",
        command="headstart align --source digits/ --target scans/",
        source="digits",
        target="scans",
        classes=["one", "two"],
        kind="pictures",
        source_rows=800,
        held_rows=200,
        target_rows=700,
        target_labelled_rows=0,
        test_rows=1300,
        backbone="efficientnet_lite0",
        backbone_parameters=3_370_000,
        metric="accuracy",
        chosen_by="im",
        chosen=DANN,
        chosen_seed=0,
        chosen_step=20,
        headline=f"{TITLES[DANN]} helps: 80 % accuracy on 1300 target rows.",
        verdict="helped",
        table=table,
        eval_points=[look for method in LOOKS for look in looks(method)],
        shift=None,
        notes=[f"Negative transfer: {TITLES[MCC]} is clearly worse than the source alone."],
        settings={"study": "align", "seeds": 1},
        seed=0,
        versions={"torch": "2.6"},
    )
    return replace(made, **changes)


def unjudged() -> Alignment:
    """The same without labels of the target."""
    made = alignment()
    none = {"last": None, "selected": None, "oracle": None, "gain": None, "spread": None}
    return replace(
        made,
        test_rows=0,
        verdict="unknown",
        headline=f"{TITLES[DANN]} was chosen by information maximisation.",
        table=[replace(one, **none) for one in made.table],
        eval_points=[replace(look, target=None) for look in made.eval_points],
        notes=[],
    )


def crowded() -> Alignment:
    """Twelve methods with long names and settings of their own."""
    made = alignment()
    names = [f"m{n}:strength={n}" for n in range(12)]
    table = [
        row(name, f"A method of alignment with a rather long name (strength = {n}, norm = train)", 1 - n / 20)
        for n, name in enumerate(names)
    ]
    seen = [
        replace(look, method=name, scores={"im": look.scores["im"] + n / 10}, target=0.5 + n / 40)
        for n, name in enumerate(names)
        for look in looks(DANN)
    ]
    return replace(
        made,
        source="s" * 80,
        target="t" * 80,
        chosen=names[0],
        table=[made.table[0], *table],
        eval_points=[*looks("source-only"), *seen],
        headline=f"{table[0].title} helps: 80 % accuracy on 1300 target rows.",
        settings={"study": "align", "methods": names},
    )
