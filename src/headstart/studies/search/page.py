"""The page of a search: every trial, what was best so far, the space, and whether transfer helped."""

from collections.abc import Iterator, Sequence
from typing import Any

from headstart.report.figures.axis import linear
from headstart.report.figures.plot import Plot
from headstart.report.metric import Metric, get_metric
from headstart.report.terminal import Terminal
from headstart.report.text import fixed, percent, pluralise, short
from headstart.studies._page import Cell, settings, text, versions
from headstart.studies.search import Search, SearchTrial
from headstart.studies.search.importance import Weight, weights

SCRATCH = "from-scratch"
STATES = {"pruned": "s2", "diverged": "s4", "refused": "s4", "unfinished": "s5"}


def view(record: Search) -> dict[str, Any]:
    """What the template shows."""
    metric = get_metric(record.selection)
    return {
        "kind": "search",
        "task": record.task,
        "headline": _headline(record, metric),
        "say": [_alarm(record, metric), _plain(record, metric)],
        "legend": _legend(record),
        "figure": _figure(record, metric),
        "caption": f"A dot for each trial, in the order of the search: its {metric.title} over the held-out "
        f"rows of all folds; an open one was given up, and its height is that over the folds until then. The "
        f"line is the best so far; the first trials are the methods with their default settings.",
        "facts": _facts(record, metric),
        "reading": f"The {metric.title} is cross-validated on the {record.train_rows:,} training rows. The "
        f"best of many is partly the luckiest: the number to tell others is that of adapt on the test part.",
        "headings": _headings(record),
        "rows": [(trial.title, f"trial {trial.number}", _cells(trial, record)) for trial in record.trials],
        "more": list(_more(record)),
        "smallprint": [_held(record)],
        "settings": settings(record),
        "versions": versions(record),
    }


def terminal(record: Search) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    metric = get_metric(record.selection)
    return Terminal(
        title=f"Cross-validation on the {record.train_rows} training rows of {record.task}",
        headings=["", *_headings(record)],
        rows=[
            (f"{trial.number}", trial.title, *(text(cell).strip() for cell in _cells(trial, record)))
            for trial in record.trials
        ],
        answer=[f"Best:   {record.method}, {metric.title} {metric.value(record.best_score)}"],
        next=[record.next] if record.next else [],
    )


def _headline(record: Search, metric: Metric) -> str:
    trials = pluralise(len(record.trials), "trial")
    return f"{record.best.title} is the best of {trials}: {metric.value(record.best_score)}"


def _alarm(record: Search, metric: Metric) -> str:
    """What transfer has over training from scratch."""
    if record.gain is None:
        return "Whether transfer helps is not known: it and training from scratch were not both finished."
    shown = metric.gained(record.gain)
    over = f"has {shown.value} ({shown.interval}) of {metric.title} over training from scratch"
    what = f"The best that transfers {over}"
    if record.gain.high < 0:
        return f"Negative transfer: the best that transfers {over}. What was learned before does harm here."
    if record.gain.low <= 0:
        return f"{what}: transfer is not clearly better here."
    return f"{what}: transfer helps."


def _plain(record: Search, metric: Metric) -> str:
    """What the search has found beyond default settings."""
    if record.plain is None or record.plain.score is None:
        return ""
    if record.plain.number == record.best.number:
        return f"No searched settings were better than the default ones of {record.plain.title}."
    gain = metric.change(record.best_score - record.plain.score)
    unit = " points" if metric.is_share else ""
    return (
        f"The best of the default settings is {record.plain.title} with {metric.value(record.plain.score)}; "
        f"the search has found {gain}{unit} more. Where that is little, take the default settings."
    )


def _legend(record: Search) -> list[tuple[str, str]]:
    found = [("s1", "finished, and the best so far")]
    states = dict.fromkeys(trial.state for trial in record.trials if trial.state in STATES and trial.folds)
    found += [(STATES[state], state) for state in states]
    return found + ([("s3", "from scratch")] if _scratch(record) else [])


def _scratch(record: Search) -> SearchTrial | None:
    return next(
        (trial for trial in record.trials if trial.method == SCRATCH and trial.score is not None), None
    )


def _shown(trial: SearchTrial) -> float | None:
    """The height of its dot: the score, or that over the folds until it was given up."""
    return trial.score if trial.score is not None else (trial.folds[-1] if trial.folds else None)


def _figure(record: Search, metric: Metric) -> str:
    last = max(trial.number for trial in record.trials)
    drawn = [(trial, value) for trial in record.trials if (value := _shown(trial)) is not None]
    x = linear(0, max(last, 1), lambda value: f"{value:.0f}" if value == round(value) else "", "trial", 9)
    plot = Plot(x, metric.axis([value for _, value in drawn], metric.title), 340)
    plot.line(_steps(record.trials, last), "s1")
    scratch = _scratch(record)
    if scratch is not None and scratch.score is not None:
        plot.line([(0, scratch.score), (max(last, 1), scratch.score)], "s3")
    for trial, value in drawn:
        hover = f"trial {trial.number}, {trial.title}: {metric.value(value)}"
        if trial.score is None:
            plot.dot(
                (trial.number, value), f"{STATES.get(trial.state, 's5')} open", f"{hover}, {trial.state}", 4
            )
        else:
            style = "s3" if trial.method == SCRATCH else "s1"
            plot.dot((trial.number, value), style, hover, 6 if trial.number == record.best.number else 4)
    complete = sum(trial.score is not None for trial in record.trials)
    label = f"{metric.title} of {pluralise(len(record.trials), 'trial')}, {complete} of them finished"
    return plot.figure(f"{label}; the best is trial {record.best.number}")


def _steps(trials: Sequence[SearchTrial], last: int) -> list[tuple[float, float]]:
    """The best so far as a staircase."""
    points: list[tuple[float, float]] = []
    for trial in trials:
        if trial.score is None:
            continue
        best = max(trial.score, points[-1][1] if points else trial.score)
        if points:
            points.append((trial.number, points[-1][1]))
        points.append((trial.number, best))
    return [*points, (max(last, 1), points[-1][1])]


def _facts(record: Search, metric: Metric) -> list[tuple[str, str, str]]:
    states = [trial.state for trial in record.trials]
    ended = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return [
        ("best", metric.value(record.best_score), f"{metric.title} of trial {record.best.number}"),
        ("trials", f"{len(states):,}", ended),
        ("held out", f"{record.test_rows:,} rows", "that no trial has seen; adapt tests on them"),
        ("backbone", record.backbone, f"{short(record.backbone_parameters)} parameters"),
    ]


def _headings(record: Search) -> list[str]:
    metric = get_metric(record.selection)
    return ["trial", metric.title, "lr", "after each fold", "outcome"]


def _cells(trial: SearchTrial, record: Search) -> list[Cell | None]:
    """What the table shows of a trial, beside its name."""
    metric = get_metric(record.selection)
    value = None if trial.score is None else Cell(metric.value(trial.score), "", *_mark(trial, record))
    folds = ", ".join(metric.value(fold) for fold in trial.folds)
    lr = None if trial.lr is None else Cell(f"{trial.lr:g}")
    outcome = Cell(trial.state, trial.why)
    return [value, lr, Cell("", folds) if folds else None, outcome]


def _mark(trial: SearchTrial, record: Search) -> tuple[str, str, str]:
    """The best one is marked."""
    return ("best", "good", "the highest of all") if trial.number == record.best.number else ("", "", "")


def _more(record: Search) -> Iterator[dict[str, Any]]:
    """What has tables of its own: the next step, what mattered, the space."""
    if record.next:
        yield {
            "id": "next",
            "heading": "What to do next",
            "say": ["Fit the best on all training rows, and test it once on rows that no trial has seen:"],
            "command": record.next,
        }
    searched = [(_name(t.method), t.settings, t.score) for t in record.trials if t.score is not None]
    found = weights(searched)
    if found:
        yield {
            "id": "importance",
            "heading": "What mattered",
            "say": [
                "Of numbers, rank correlation with the score: near +1, larger was better.",
                "Near 0, it did not matter, or the best lies in the middle.",
                "Of other values, the share of the variance of the scores that lies between them.",
                "Only finished trials count, and these were drawn where others had been good: it is a hint.",
            ],
            "headings": ["setting", "trials", "tried", "goes with the score", "best trial's"],
            "rows": [_importance(one) for one in found],
        }
    yield {
        "id": "space",
        "heading": "What was searched",
        "say": ["Ranges that span a factor of ten or more were searched on a logarithmic scale."],
        "headings": ["method", "setting", "values"],
        "rows": list(_space(record)),
    }


def _importance(one: Weight) -> list[str]:
    figure = (
        f"{_plus(one.figure)} (rank correlation)" if one.ranked else f"{percent(one.figure)} of the variance"
    )
    return [one.name, f"{one.trials}", one.values, figure, one.best]


def _plus(value: float) -> str:
    text = fixed(value, 2)
    return f"+{text}" if value > 0 and text != "0.00" else text.replace("-", "\u2212")


def _space(record: Search) -> Iterator[list[str]]:
    for method, row in record.space.items():
        if not row:
            yield [method, "none", "as it is"]
        for setting, values in row.items():
            yield [method, setting, values.replace("..", " to ").replace("|", ", ")]


def _name(method: str) -> str:
    return method.partition(":")[0]


def _held(record: Search) -> str:
    return (
        f"{pluralise(record.test_rows, 'row')} were held out before the first trial, stratified and by whole "
        f"groups, duplicates together, as adapt holds them out with the same seed. No trial was fitted on "
        f"them or judged by them."
    )
