"""The loss of every training, step by step."""

from typing import Any

from headstart.report.figures.axis import Axis, linear
from headstart.report.figures.plot import Plot
from headstart.report.text import join_words, pluralise
from headstart.studies.adapt import Curve
from headstart.studies.adapt.run_records import Given

MOST = 160  # points of a line that are drawn
FINAL = -1  # the fold of the training on all of the training part


def view(given: Given) -> dict[str, Any]:
    """One small figure a method."""
    curves = [c for c in given.result.curves if c.losses]
    if not curves:
        return {"say": ["This run recorded no learning curves."], "panels": []}
    methods: dict[str, list[Curve]] = {}
    for curve in curves:
        methods.setdefault(curve.method, []).append(curve)
    return {"say": [_falls(curves)], "panels": [_panel(group) for group in methods.values()]}


def _falls(curves: list[Curve]) -> str:
    rose = [c for c in curves if c.losses[-1] >= c.losses[0]]
    if not rose:
        many = "the one training" if len(curves) == 1 else f"each of the {len(curves):,} trainings"
        return f"The loss of {many} ended lower than it began."
    titles = join_words(list(dict.fromkeys(c.title for c in rose)))
    return (
        f"In {len(rose):,} of {pluralise(len(curves), 'training')} the loss did not end lower "
        f"than it began: {titles}. Look at the learning rate there."
    )


def _panel(curves: list[Curve]) -> dict[str, str]:
    shown = next((c for c in curves if c.fold == FINAL), curves[0])
    first, last = shown.losses[0], shown.losses[-1]
    which = "final training" if shown.fold == FINAL else f"fold {shown.fold + 1}"
    told = f"{which}: {first:.3g} to {last:.3g} in {pluralise(shown.steps[-1], 'step')}"
    return {"title": curves[0].title, "told": told, "figure": _figure(curves, told)}


def _figure(curves: list[Curve], told: str) -> str:
    thinned = [(c, _thin(list(zip(map(float, c.steps), c.losses, strict=True)))) for c in curves]
    losses = [loss for _, points in thinned for _, loss in points]
    last = max(1, *(c.steps[-1] for c in curves))
    ticks = linear(0, last, _whole, most=4).ticks
    x = Axis(0, last, tuple((v, text) for v, text in ticks if v <= last), "step")
    plot = Plot(x, linear(min(0.0, *losses), max(losses), lambda v: f"{v:g}", "loss", 5), 150)
    for curve, points in sorted(thinned, key=lambda pair: pair[0].fold == FINAL):
        plot.line(points, "s1" if curve.fold == FINAL else "fold")
    return plot.figure(f"Loss of {curves[0].title}, {told}")


def _whole(value: float) -> str:
    return f"{value:,.0f}" if value % 1 == 0 else ""


def _thin(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most `MOST` of the points, evenly taken, the first and the last among them."""
    if len(points) <= MOST:
        return points
    return [points[i * (len(points) - 1) // (MOST - 1)] for i in range(MOST)]
