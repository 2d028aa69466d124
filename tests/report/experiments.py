"""Records of the experiments, made up so that every sentence can be foretold."""

from dataclasses import replace

from headstart.records.record import Interval
from headstart.studies.curve import CurvePoint, CurveStart, SizeCurve
from headstart.studies.curve.savings import savings
from headstart.studies.search import Search, SearchTrial
from headstart.studies.yosinski import SERIES, Cut, Network, Transfer

METHODS = {"logistic-probe": "Logistic probe", "fine-tune": "Fine-tuning", "from-scratch": "From scratch"}
MEANS = {
    "logistic-probe": (0.50, 0.60, 0.70),
    "fine-tune": (0.45, 0.62, 0.80),
    "from-scratch": (0.20, 0.30, 0.55),
}


def about(mean: float, width: float) -> Interval:
    return Interval(mean, max(-1.0, mean - width), min(1.0, mean + width))


def size_curve() -> SizeCurve:
    points = [
        CurvePoint(
            method=name,
            title=METHODS[name],
            labels_per_class=k,
            seeds=[0, 1, 2],
            score=[mean - 0.02, mean, mean + 0.02],
            mean=mean,
            interval=about(mean, 0.05),
            gain=None if name == "logistic-probe" else about(mean - first, 0.03),
        )
        for name, means in MEANS.items()
        for k, mean, first in zip((1, 5, 20), means, MEANS["logistic-probe"], strict=True)
    ]
    return SizeCurve(
        schema=1,
        headstart="0.1",
        command="headstart curve photos/",
        task="photos",
        classes=["birds", "flags", "vehicles", "tools"],
        train_rows=800,
        test_rows=200,
        backbone="efficientnet_lite0",
        backbone_parameters=3_371_024,
        labels_per_class=[1, 5, 20],
        methods=list(METHODS),
        points=points,
        notes=["50 labels a class are left out: the class 'tools' has 31 rows to learn from."],
        settings={"study": "curve", "seeds": 3, "labels_per_class": [1, 5, 20, 50]},
        seed=0,
        versions={"torch": "2.6"},
    )


GAINS = {
    "BnB": (0.0, -0.06, -0.01),
    "BnB+": (0.01, 0.0, 0.01),
    "AnB": (-0.01, -0.10, -0.25),
    "AnB+": (0.0, 0.0, 0.08),
}


def started_curve() -> SizeCurve:
    """Two methods from five starts, with the labels that they save."""
    record, titles = size_curve(), ("Random weights", *(f"{name} on photographs" for name in "ABCD"))
    starts = [
        CurveStart(title, title, "photographs" * (n > 0), 640 * (n > 0)) for n, title in enumerate(titles)
    ]
    points = [
        replace(
            point,
            start=start.label,
            title=f"{start.title} \N{RIGHTWARDS ARROW} {point.title}",
            mean=point.mean + n / 50,
            gain=about(n / 50, 0.03) if n else None,
        )
        for n, start in enumerate(starts)
        for method in record.methods[:2]
        for point in record.of(method)
    ]
    saved = list(savings(points, titles[0], titles[1:], record.selection))
    return replace(
        record, methods=record.methods[:2], points=points, starts=starts, savings=saved, all_rows=True
    )


def network(task: str, classes: list[str], mean: float) -> Network:
    values = [mean - 0.01, mean, mean + 0.01]
    return Network(task, classes, 500, 120, False, [0, 1, 2], values, mean, about(mean, 0.025))


def transfer() -> Transfer:
    cuts = [
        Cut(
            series=name,
            cut=n,
            seeds=[0, 1, 2],
            score=[0.87 + gain, 0.9 + gain, 0.93 + gain],
            mean=0.9 + gain,
            interval=about(0.9 + gain, 0.04),
            gain=about(gain, 0.03),
        )
        for name in SERIES
        for n, gain in enumerate(GAINS[name], 1)
    ]
    return Transfer(
        schema=1,
        headstart="0.1",
        command="headstart yosinski photos/",
        backbone="Sequential",
        backbone_parameters=70_176,
        blocks=["stem", "body.0", "body.1"],
        base_a=network("photos, task A", ["birds", "flags"], 0.8),
        base_b=network("photos, task B", ["vehicles", "tools"], 0.9),
        cuts=cuts,
        notes=[],
        settings={"study": "yosinski", "seeds": 3},
        seed=0,
        versions={"torch": "2.6"},
    )


def gained(record: Transfer, series: str, gains: tuple[float, ...]) -> Transfer:
    """The record with other gains of a series."""
    new = [
        replace(cut, mean=0.9 + gains[cut.cut - 1], gain=about(gains[cut.cut - 1], 0.03))
        if cut.series == series
        else cut
        for cut in record.cuts
    ]
    return replace(record, cuts=new)


def alone(record: Transfer) -> Transfer:
    """The record of a single seed."""
    cuts = [replace(c, seeds=[0], score=[c.mean], interval=None, gain=None) for c in record.cuts]
    base = replace(record.base_b, seeds=[0], score=[0.9], interval=None)
    return replace(record, cuts=cuts, base_a=None, base_b=base)


def trial(number: int, method: str, title: str, score: float | None, **more) -> SearchTrial:
    given = {"lr": None, "state": "complete", "why": "", "folds": [score] if score else [], **more}
    return SearchTrial(number=number, method=method, title=title, score=score, **given)


def search_record() -> Search:
    """Two plain trials, five of tuning whose score falls with the rate, three that came to nothing."""
    tuned = [
        trial(
            n,
            f"fine-tune:last={n}",
            f"Fine-tuning (last = {n})",
            0.9 - 0.02 * n,
            lr=0.001 * n,
            settings={"lr": 0.001 * n, "norm": "train" if n > 4 else "frozen"},
        )
        for n in range(2, 7)
    ]
    trials = [
        trial(0, "ridge-probe", "Ridge probe", 0.8),
        trial(1, "from-scratch", "From scratch", 0.4),
        *tuned,
        trial(7, "lp-ft:last=1", "LP-FT (last = 1)", None, state="pruned", folds=[0.3], why="too low"),
        trial(8, "fine-tune:last=3", "Fine-tuning (last = 3)", None, state="diverged", why="<no> number"),
        trial(9, "surgical", "Surgical", None, state="refused", why="no block"),
    ]
    return Search(
        schema=1,
        headstart="0.1",
        command="headstart search photos/",
        task="photos",
        classes=["birds", "flags"],
        train_rows=800,
        test_rows=200,
        backbone="efficientnet_lite0",
        backbone_parameters=3_371_024,
        trials=trials,
        best=trials[2],
        gain=about(0.46, 0.05),
        plain=trials[0],
        adapt=["--method", "fine-tune:last=2"],
        notes=["The 0.860 of the best is optimistic."],
        space={"fine-tune": {"lr": "0.001..0.01", "norm": "frozen|train"}, "surgical": {}},
        settings={"study": "search", "trials": 10},
        seed=0,
        versions={"torch": "2.6"},
        next="headstart adapt photos/ --method fine-tune:last=2 --out search-adapt",
    )
