"""The page of a search: every trial, the best so far, what mattered, the space, whether transfer helped."""

from collections.abc import Iterator, Sequence
from typing import Any

from headstart.report.axis import linear
from headstart.report.figures import Plot
from headstart.report.metric import Metric, get_metric
from headstart.report.text import Terminal, capitalise, fixed, minus, percent, pluralise, short
from headstart.studies._page import Cell, page_view
from headstart.studies.search import Search, SearchTrial
from headstart.studies.search.importance import Weight, weights

SCRATCH = "from-scratch"
STATES = {"pruned": "s2", "diverged": "s4", "refused": "s4", "unfinished": "s5"}


def view(record: Search) -> dict[str, Any]:
    """What the template shows."""
    metric, best = get_metric(record.selection), record.best
    states, best_score = [trial.state for trial in record.trials], metric.value(record.best_score)
    ended = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    held_out = (
        f"{pluralise(record.test_rows, 'row')} were held out before the first trial, stratified and by whole "
        f"groups, duplicates together, as adapt holds them out with the same seed. No trial was fitted or "
        f"evaluated on them."
    )
    return page_view(
        record,
        kind="search",
        task=record.task,
        headline=f"{best.title} is the best of {pluralise(len(states), 'trial')}: {best_score}",
        say=[_transfer(record, metric), _plain(record, metric)],
        legend=_legend(record),
        figure=_figure(record, metric),
        caption=f"A dot for each trial, in the order of the search: its {metric.title} over the held-out "
        f"rows of all folds; an open one was pruned or failed, and its height is that over the folds until "
        f"then. The line is the best so far; the first trials are the methods with their default settings.",
        facts=[
            ("best", best_score, f"{metric.title} of trial {best.number}"),
            ("trials", f"{len(states):,}", ended),
            ("held out", f"{record.test_rows:,} rows", "that no trial has seen; adapt tests on them"),
            _backbone(record),
        ],
        reading=f"The {metric.title} is cross-validated on the {record.train_rows:,} training rows. The "
        f"best of many is partly the luckiest: the number to report is that of adapt on the test part.",
        headings=_headings(metric),
        rows=[(t.title, f"trial {t.number}", _cells(t, record, metric)) for t in record.trials],
        more=list(_more(record)),
        smallprint=[held_out],
    )


def terminal(record: Search) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    metric = get_metric(record.selection)
    return Terminal(
        title=f"Cross-validation on the {record.train_rows} training rows of {record.task}",
        headings=["", *_headings(metric)],
        rows=[
            (f"{t.number}", t.title, *(str(cell or "").strip() for cell in _cells(t, record, metric)))
            for t in record.trials
        ],
        answer=[f"Best:   {record.method}{_where(record)}, {metric.title} {metric.value(record.best_score)}"],
        next=[record.next] if record.next else [],
    )


def _where(record: Search) -> str:
    return f" on {record.backbone}" if len(record.backbones) > 1 else ""


def _transfer(record: Search, metric: Metric) -> str:
    """What transfer gains over training from scratch."""
    if record.gain is None:
        return "Whether transfer helps is unknown: it and training from scratch were not both finished."
    best = f"the best that transfers has {metric.lead(record.gain, 'training from scratch')}"
    if record.gain.high < 0:
        return f"Negative transfer: {best}. What was learned before does harm here."
    if record.gain.low <= 0:
        return f"{capitalise(best)}: transfer is not clearly better here."
    return f"{capitalise(best)}: transfer helps."


def _plain(record: Search, metric: Metric) -> str:
    """What the search gains over default settings."""
    plain = record.plain
    if plain is None or plain.score is None:
        return ""
    if plain.number == record.best.number:
        return f"No searched settings were better than the default ones of {plain.title}."
    gain = metric.comparison(metric.merit(record.best_score) - metric.merit(plain.score))
    return (
        f"The best of the default settings is {plain.title} with {metric.value(plain.score)}; the search has "
        f"found {gain}. Where that is little, take the default settings."
    )


def _legend(record: Search) -> list[tuple[str, str]]:
    states = dict.fromkeys(trial.state for trial in record.trials if trial.state in STATES and trial.folds)
    scratch = [("s3", "from scratch")] if _scratch_score(record) is not None else []
    return [("s1", "finished, and the best so far"), *((STATES[state], state) for state in states), *scratch]


def _scratch_score(record: Search) -> float | None:
    scores = (trial.score for trial in record.trials if trial.method == SCRATCH)
    return next((score for score in scores if score is not None), None)


def _figure(record: Search, metric: Metric) -> str:
    last = max(1, *(trial.number for trial in record.trials))
    drawn = [trial for trial in record.trials if trial.score is not None or trial.folds]
    values = [trial.folds[-1] if trial.score is None else trial.score for trial in drawn]
    x = linear(0, last, lambda value: f"{value:.0f}" if value == round(value) else "", "trial", 9)
    plot = Plot(x, metric.axis(values, metric.title), 340)
    plot.line(_best_so_far(record.trials, last, metric), "s1")
    scratch = _scratch_score(record)
    if scratch is not None:
        plot.line([(0, scratch), (last, scratch)], "s3")
    for trial, value in zip(drawn, values, strict=True):
        at, hover = (trial.number, value), f"trial {trial.number}, {trial.title}: {metric.value(value)}"
        if trial.score is None:
            plot.dot(at, f"{STATES.get(trial.state, 's5')} open", f"{hover}, {trial.state}", 4)
        else:
            style = "s3" if trial.method == SCRATCH else "s1"
            plot.dot(at, style, hover, 6 if trial.number == record.best.number else 4)
    complete = sum(trial.score is not None for trial in record.trials)
    label = f"{metric.title} of {pluralise(len(record.trials), 'trial')}, {complete} of them finished"
    return plot.figure(f"{label}; the best is trial {record.best.number}")


def _best_so_far(trials: Sequence[SearchTrial], last: int, metric: Metric) -> list[tuple[float, float]]:
    """As a staircase."""
    points: list[tuple[float, float]] = []
    for trial in trials:
        if trial.score is None:
            continue
        best = max(trial.score, points[-1][1] if points else trial.score, key=metric.merit)
        if points:
            points.append((trial.number, points[-1][1]))
        points.append((trial.number, best))
    return [*points, (last, points[-1][1])]


def _backbone(record: Search) -> tuple[str, str, str]:
    among = f", the best of {len(record.backbones)}" if len(record.backbones) > 1 else ""
    return "backbone", record.backbone, f"{short(record.backbone_parameters)} parameters{among}"


def _headings(metric: Metric) -> list[str]:
    return ["trial", metric.title, "lr", "after each fold", "outcome"]


def _cells(trial: SearchTrial, record: Search, metric: Metric) -> list[Cell | None]:
    """What the table shows of a trial, beside its name; the best one is marked."""
    mark = ("best", "good", f"the {metric.best} of all") if trial.number == record.best.number else ()
    folds = ", ".join(metric.value(fold) for fold in trial.folds)
    return [
        None if trial.score is None else Cell(metric.value(trial.score), "", *mark),
        None if trial.lr is None else Cell(f"{trial.lr:g}"),
        Cell("", folds) if folds else None,
        Cell(trial.state, trial.why),
    ]


def _more(record: Search) -> Iterator[dict[str, Any]]:
    """What has tables of its own: the next step, what mattered, the space."""
    if record.next:
        yield {
            "id": "next",
            "heading": "What to do next",
            "say": ["Fit the best on all training rows, and test it once on rows that no trial has seen:"],
            "command": record.next,
        }
    merit = get_metric(record.selection).merit
    scored = [(trial, merit(trial.score)) for trial in record.trials if trial.score is not None]
    searched = [(trial.method.partition(":")[0], trial.settings, score) for trial, score in scored]
    if weighted := weights(searched, [trial.backbone for trial, _ in scored]):
        yield {
            "id": "importance",
            "heading": "What mattered",
            "say": [
                "Of numbers, rank correlation with how good the score is: near +1, larger was better.",
                "Near 0, it did not matter, or the best lies in the middle.",
                "Of other values, the share of the variance of the scores that lies between them.",
                "Only finished trials count, and these were drawn where others had been good: it is a hint.",
            ],
            "headings": ["setting", "trials", "tried", "relation to the score", "best trial's"],
            "rows": [[w.name, f"{w.trials}", w.values, _relation(w), w.best] for w in weighted],
        }
    yield {
        "id": "space",
        "heading": "What was searched",
        "say": ["Ranges that span a factor of ten or more were searched on a logarithmic scale."],
        "headings": ["method", "setting", "values"],
        "rows": [
            *([["all", "backbone", ", ".join(record.backbones)]] if len(record.backbones) > 1 else []),
            *(
                [method, setting, values.replace("..", " to ").replace("|", ", ")]
                for method, row in record.space.items()
                for setting, values in (row or {"none": "as it is"}).items()
            ),
        ],
    }


def _relation(weight: Weight) -> str:
    text = fixed(weight.figure, 2)
    if weight.ranked:
        return f"{'+' if float(text) > 0 else ''}{minus(text)} (rank correlation)"
    return f"{percent(weight.figure)} of the variance"
