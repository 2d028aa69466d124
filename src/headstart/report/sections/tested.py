"""The selected model and the baselines on the test part."""

from typing import Any

from headstart.report.figures.axis import linear, within
from headstart.report.figures.dots import Dot, dots
from headstart.report.given import Given
from headstart.report.words import in_percent, in_points, percent, plain, round_percent, short, signed
from headstart.study.records import Tested

from .headline import VERDICTS, tone


def view(given: Given) -> dict[str, Any]:
    """Scores of every tested model and the paired differences."""
    return {
        "say": [_promise(given)],
        "rows": [_row(tested) for tested in given.result.tested],
        "accuracies": _accuracies(given.result.tested),
        "gains": _gains(given.baselines),
    }


def _promise(given: Given) -> str:
    """What cross-validation foretold, against what the test part gave."""
    chosen, winner = given.chosen, given.winner
    if not chosen or not winner or not winner.scores:
        return ""
    foretold, found = winner.scores.accuracy, chosen.scores.accuracy.value
    if found < foretold.low:
        where = "below that interval, so the choice was made on figures that were too good"
    elif found > foretold.high:
        where = "above that interval"
    else:
        where = "inside that interval"
    return (
        f"Cross-validation foretold {in_percent(foretold)} for the selected method. "
        f"The test part, which took no part in the choice, gave {percent(found)}, {where}."
    )


def _row(tested: Tested) -> dict[str, Any]:
    scores, gain = tested.scores, tested.gain
    figures = [
        in_percent(scores.accuracy),
        in_percent(scores.balanced_accuracy),
        in_percent(scores.macro_f1),
        plain(scores.log_loss),
        in_percent(scores.calibration_error),
    ]
    return {
        "title": tested.title,
        "figures": figures,
        "parameters": short(tested.trained_parameters),
        "gain": in_points(gain) if gain else None,
        "tone": tone(gain) if gain else "",
        "verdict": VERDICTS[tone(gain)] if gain else "",
    }


def _accuracies(tested: list[Tested]) -> str:
    if not tested:
        return ""
    rows = []
    for t in tested:
        accuracy = t.scores.accuracy
        style = "" if t.gain else "selected"
        rows.append(Dot(t.title, accuracy, percent(accuracy.value), style))
    ends = within(0, 1, [v for row in rows for v in (row.interval.low, row.interval.high)])
    told = [f"{row.name} {in_percent(row.interval)}" for row in rows]
    label = f"Accuracy on the test part with 95 % intervals: {', '.join(told)}"
    return dots(rows, linear(*ends, round_percent, "accuracy", 5), label)


def _gains(baselines: list[Tested]) -> str:
    gains = [(t.title, t.gain) for t in baselines if t.gain]
    if not gains:
        return ""
    rows = [Dot(title, gain, signed(gain.value), tone(gain)) for title, gain in gains]
    low = min(0.0, *(gain.low for _, gain in gains))
    high = max(0.0, *(gain.high for _, gain in gains))
    axis = linear(low, high, _whole, "points", 5)
    told = [f"against {title} {in_points(gain)}" for title, gain in gains]
    label = f"Accuracy gained by the selected model with 95 % intervals: {', '.join(told)}"
    return dots(rows, axis, label, zero=0.0)


def _whole(fraction: float) -> str:
    return signed(fraction).removesuffix(".0")
