"""What few rows and single batches show is not drawn, or told, as more."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.studies.adapt import Bin, Curve
from headstart.studies.adapt.page_calibration import calibration, merged
from headstart.studies.adapt.page_training import training, trend
from headstart.studies.adapt.summary import RunRecords

from .example import example


def test_the_noise_of_single_batches_is_no_rise() -> None:
    """A fit that begins near its end: the last loss is above the first by chance."""
    losses = np.random.default_rng(0).normal(0.4, 0.1, 48).clip(0.1).tolist()
    losses[0], losses[-1] = 0.336, 0.398
    assert trend(losses) == 0
    assert trend([2 - 0.02 * step + 0.1 * (step % 2) for step in range(40)]) == -1


def test_neighbouring_bins_are_joined_until_each_says_something() -> None:
    """3, 3, 9, 10, 47 and 8 rows: the first three and the last two are too few alone."""
    rates = (
        (0.56, 1 / 3, 3),
        (0.65, 1.0, 3),
        (0.7, 5 / 9, 9),
        (0.78, 0.6, 10),
        (0.82, 0.9, 47),
        (0.87, 1, 8),
    )
    found = merged([Bin(*each) for each in rates])
    assert [each.rows for each in found] == [15, 10, 55]
    assert found[0].accuracy == pytest.approx(9 / 15)
    assert found[0].confidence == pytest.approx((3 * 0.56 + 3 * 0.65 + 9 * 0.7) / 15)
    figure = calibration(RunRecords(Path("run"), replace(example(), bins=[Bin(*e) for e in rates]), None))
    assert figure["figure"].count("whisker") == 3


def test_long_curves_are_thinned_but_keep_their_ends() -> None:
    steps = list(range(5000))
    losses = [5000.0 - s for s in steps]
    losses[-1] = 777.0
    view = training(
        RunRecords(Path("run"), replace(example(), curves=[Curve("a", "A", -1, steps, losses)]), None)
    )
    path = view["panels"][0]["figure"].split(' d="')[1].split('"')[0]
    assert path.count("L") == 159
    assert path.startswith("M0 166.67L")
    assert path.endswith("L1000 870.5")  # 1000 * (1 - 777 / 6000)


def test_where_a_threshold_decides_the_accuracy_of_calibration_is_named_apart() -> None:
    """The confidence is that of the more probable class, which a threshold of .3 does not predict."""
    bins = [Bin(0.9, 0.9, 400)]
    for rule, told in (("max:f1", True), ("", False)):
        cut = replace(example(), bins=bins, two_classes=SimpleNamespace(rule=rule))
        (said, *_) = calibration(RunRecords(Path("run"), cut, None))["say"]
        assert ("at a threshold of 0.5" in said) is told
