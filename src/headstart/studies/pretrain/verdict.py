"""What is said of a pre-training: whether it helped, and what to beware of. Plain data, without torch."""

from collections.abc import Iterator

from headstart.records.record import Interval
from headstart.report.metric import get_metric, tone
from headstart.report.text import fixed, pluralise
from headstart.studies.pretrain import Evaluated, Pretraining

ACCURACY = get_metric("accuracy")
WAYS = "Try more steps, another learning rate, or settings of the method that make its task harder or easier."


def about_collapse(after: Evaluated, width: int) -> str:
    """That all rows have nearly the same features."""
    return (
        f"The encoder has collapsed: all rows have nearly the same features. Their effective rank is "
        f"{fixed(after.effective_rank, 1)} and their spread {fixed(after.spread * width**0.5, 3)} of that at "
        f"random. Do not use it. A lower learning rate, a larger batch or another method may help."
    )


def about_stuck(last: float, chance: float) -> str:
    """That the loss is that of an encoder that tells nothing apart."""
    return (
        f"The loss is stuck: its last quarter is {fixed(last, 3)} on average, and an encoder that tells "
        f"nothing apart has {fixed(chance, 3)}. {WAYS}"
    )


def headline(record: Pretraining) -> str:
    """Whether the pre-training helped, by both measures and their paired intervals."""
    if record.collapsed:
        return "The encoder has collapsed: all rows have nearly the same features. Do not use it."
    if record.knn_gain is None or record.probe_gain is None:
        return (
            f"An encoder that was pre-trained for {pluralise(record.steps, 'step')}. Without labels nothing "
            "says what it is worth: see the monitors."
        )
    before, after = record.before.knn, record.after.knn
    assert before is not None
    assert after is not None
    return f"{_verdict(record)}: nearest neighbours {_value(before)} before, {_value(after)} after."


def sentences(record: Pretraining) -> Iterator[str]:
    """What the figures do not say by themselves."""
    if record.knn_gain is not None:
        yield _figures(record)
    if record.random is not None and record.knn_over_random is not None:
        assert record.random.knn is not None
        gain = record.knn_over_random
        said = {"good": "better than", "bad": "worse than", "even": "not clearly better than"}[tone(gain)]
        yield (
            f"By nearest neighbours it is {said} random weights of the same architecture "
            f"({ACCURACY.value(record.random.knn.value)}): {ACCURACY.gained(gain)}."
        )
    if record.knn_gain is not None:
        yield (
            "Nearest neighbours and a linear probe read features as they are. What fine-tuning gains from "
            "this start, headstart curve measures."
        )


def _verdict(record: Pretraining) -> str:
    gains = (record.knn_gain, record.probe_gain)
    tones = {tone(gain) for gain in gains if gain is not None}
    beaten = record.knn_over_random
    if beaten is not None and tone(beaten) != "good" and "good" not in tones:
        harm = "does harm here, and the encoder is no better than random weights"
        return f"Pre-training {harm if 'bad' in tones else 'is no better than random weights here'}"
    if "good" in tones:
        return (
            "Pre-training helps by one measure and harms by the other"
            if "bad" in tones
            else ("Pre-training helps")
        )
    return "Pre-training does harm" if "bad" in tones else "Whether pre-training helps is not clear"


def _figures(record: Pretraining) -> str:
    pairs = (
        ("nearest neighbours", record.before.knn, record.after.knn),
        ("a linear probe", record.before.probe, record.after.probe),
    )
    said = [
        f"{name} {_value(before)} before and {_value(after)} after"
        for name, before, after in pairs
        if before is not None and after is not None
    ]
    return f"On held-out rows: {'; '.join(said)}."


def _value(figure: Interval) -> str:
    return str(ACCURACY.value(figure.value))
