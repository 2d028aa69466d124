"""The page of a generator: samples, what the checks found, and whether samples help."""

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

from headstart.records.record import Interval
from headstart.report.axis import linear
from headstart.report.figures import Plot
from headstart.report.html import picture_data
from headstart.report.metric import get_metric
from headstart.report.text import MINUS, Terminal, percent, pluralise
from headstart.studies._page import Cell, cell_text, page_view
from headstart.studies.generate import (
    BOTH,
    SAMPLES,
    Checks,
    Generation,
)

POINTS = 200  # of the curve
COPYING = 0.5  # ratio of distances below which samples count as copies
APART = 0.75  # AUC above which samples count as easy to tell
HEADINGS = ("trained on", "accuracy on held-out rows")
VERDICTS = {
    "yes": "Samples helped: a net that learns from them beside real rows is better on held-out real rows",
    "no": "Samples did not help: a net that learns from them beside real rows is no better on average, on "
    "held-out rows,",
    "unclear": "Whether samples help is unclear: a net that learns from them beside real rows may be better "
    "or worse",
}
EQUAL = (
    "All nets are small ones trained from scratch in equally many steps, on the same rows but for "
    "the samples. The training of the generator is not counted. Intervals are over seeds, of the "
    "nets and of other draws, with one generator and the same held-out rows."
)
OUT_OF_SIGHT = (
    "The generator, and the nets that judge it, learned from the training part alone; all "
    "comparisons are on the held-out part."
)
ABOUT = (
    "Density is how many real neighbourhoods a sample lies in and coverage the share of held-out "
    "rows with a sample in their neighbourhood (arXiv:2002.09797), in the features of a net that "
    "knows the classes; in brackets the same of as many training rows."
)


def view(record: Generation, run: Path | None = None) -> dict[str, Any]:
    """What the template shows; `run` is the folder of the pictures."""
    checks, accuracy, samples = record.checks, get_metric("accuracy"), list(_samples(record, run))
    return page_view(
        record,
        kind="generated data",
        task=record.task,
        headline=headline(record),
        say=list(sentences(record)),
        legend=[("s1", "loss")],
        figure=_curve(record.losses),
        caption="Loss of the generative model, step by step.",
        facts=[
            ("samples", f"{record.rows:,}", f"of {pluralise(len(record.classes), 'class', 'classes')}"),
            (
                "told as their class",
                percent(checks.told.value),
                f"real rows {percent(checks.told_real.value)}",
            ),
            _memorised(checks.memorisation),
            ("told from real rows", f"AUC {checks.auc.value:.2f}", "0.5: not at all, 1: always"),
        ],
        reading="Nets trained in equally many steps, tested on the same held-out real rows; below it the "
        f"points gained over {record.arm(record.reference).title}.",
        headings=HEADINGS,
        rows=[
            (
                arm.title,
                pluralise(len(arm.scores), "seed"),
                [Cell.compare(accuracy, arm.mean, arm.interval, arm.gain)],
            )
            for arm in record.arms
        ],
        first=[part for part in samples if "cards" in part],
        more=[*(part for part in samples if "cards" not in part), _classes(record)],
        smallprint=[EQUAL, OUT_OF_SIGHT],
    )


def terminal(record: Generation, run: Path | None = None) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    shown = view(record)
    return Terminal(
        title=headline(record),
        headings=HEADINGS,
        rows=[(name, *map(cell_text, cells)) for name, _, cells in shown["rows"]],
        sentences=list(sentences(record)),
        places=[("Samples", record.samples), *_filled(record), ("Model", "model")],
    )


def headline(record: Generation) -> str:
    """In one sentence."""
    told = percent(record.checks.told.value)
    return f"{record.title} on {record.task}: {told} of {record.rows:,} samples are told as their class."


def sentences(record: Generation) -> Iterator[str]:
    """What the figures say."""
    checks = record.checks
    yield VERDICTS[record.helps] + _gains(record)
    yield _copying(checks)
    if record.filled:
        yield (
            f"Filled in {pluralise(record.filled_cells, 'missing cell')}: see {record.filled}. Cells are "
            "drawn for the class of their row: learn from such rows, and never test on them."
        )
    auc = _interval(checks.auc)
    yield f"To tell samples from held-out rows {_far(checks.auc)} for a small net: AUC {auc}."


def _copying(checks: Checks) -> str:
    """Whether samples are copies of training rows."""
    near = checks.memorisation
    if near is None:
        return (
            "Whether samples are copies of training rows can't be told by their distances: at least half of "
            "the held-out rows, which the model has not seen, are equal to training rows, too."
        )
    if near.value < COPYING:
        return (
            f"Samples are copies of training rows for the most part: their nearest training rows are "
            f"{_interval(near)} times as far as those of held-out rows. They show what is in the training "
            "rows, private things included."
        )
    return (
        f"Samples are no copies: their nearest training rows are {_interval(near)} times as far as those of "
        f"held-out rows, and {percent(checks.copies)} are nearer than all but 5 % of the held-out rows."
    )


def _memorised(near: Interval | None) -> tuple[str, str, str]:
    if near is None:
        return "memorisation", "not known", "held-out rows are equal to training rows, too"
    return "memorisation", f"{near.value:.2f}", "nearest neighbours; 1 is fine, 0 copies"


def _filled(record: Generation) -> list[tuple[str, str]]:
    return [("Filled", record.filled)] if record.filled else []


def _far(auc: Interval) -> str:
    """How easy it is to tell samples from real rows, as far as the interval says."""
    if auc.low > 0.5:
        return "is easy" if auc.low > APART else "is possible"
    return "is not possible" if auc.high <= APART else "may be possible or not"


def _gains(record: Generation) -> str:
    reference = record.arm(record.reference)
    parts = [
        f"{100 * gain.value:+.1f} points ({100 * gain.low:+.1f} to {100 * gain.high:+.1f}) {how} augmentation"
        for name, how in ((SAMPLES, "without"), (BOTH, "with"))
        if (gain := record.arm(name).gain) is not None
    ]
    by = f": {' and '.join(parts)}" if parts else "; one seed does not tell"
    said = f" than with {reference.title} ({percent(reference.mean)}){by}."
    return said.replace("-", MINUS)


def _interval(found: Interval) -> str:
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def _samples(record: Generation, run: Path | None) -> Iterator[dict[str, Any]]:
    """Pictures of the samples by class, or cells."""
    say = ["Drawn, not chosen: the first of each class."]
    if any(one.picture for one in record.shown) and run is not None:
        cards = [
            {
                "source": picture_data(run, one.picture),
                "alt": f"samples of {one.label}",
                "item": one.label,
                **dict.fromkeys(("text", "detail"), ""),
            }
            for one in record.shown
        ]
        yield {"id": "samples", "heading": "Samples", "say": say, "cards": cards}
    elif any(one.cells for one in record.shown):
        names = list(record.shown[0].cells)
        rows = [[one.label, *(one.cells.get(name, "") or "\u2013" for name in names)] for one in record.shown]
        yield {"id": "samples", "heading": "Samples", "say": say, "headings": ["class", *names], "rows": rows}


def _classes(record: Generation) -> dict[str, Any]:
    rows = [
        [
            one.name,
            f"{one.rows:,} from {one.train_rows:,}",
            f"{percent(one.told.value)} ({percent(one.told.low)} to {percent(one.told.high)})",
            _beside(one.density, one.density_of_training),
            _beside(one.coverage, one.coverage_of_training),
        ]
        for one in record.checks.per_class
    ]
    headings = ["class", "samples from rows", "told as it", "density", "coverage"]
    return {"id": "classes", "heading": "Each class", "say": [ABOUT], "headings": headings, "rows": rows}


def _beside(value: float | None, usual: float | None) -> str:
    return "too few held-out rows" if value is None or usual is None else f"{value:.2f} ({usual:.2f})"


def _curve(losses: list[float]) -> str:
    width = max(1, len(losses) // POINTS)
    means = [fmean(losses[start : start + width]) for start in range(0, len(losses), width)]
    low, high = min([0.0, *means]), max(means)
    plot = Plot(
        linear(0, float(max(len(losses), 2)), lambda value: f"{value:.0f}", "step"),
        linear(low * 1.05, high * 1.05 or 1.0, lambda value: f"{value:.2g}", "loss"),
    )
    plot.line([(float(i * width), value) for i, value in enumerate(means)], "s1")
    return plot.figure(f"Loss from {means[0]:.3f} to {means[-1]:.3f}")
