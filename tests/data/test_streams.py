"""Streams of segments: which rows, in which order, with which shift; all of it a function of the seed."""

import numpy as np
import pytest
import torch

import headstart as hs
from headstart.core import BadData, BadInput, Unknown
from headstart.data import streams
from headstart.data.shifts import shift_pictures

G = torch.Generator().manual_seed(1)
X = torch.randint(256, (12, 1, 8, 8), generator=G, dtype=torch.uint8)
Y = torch.arange(12) % 3


def dataset():
    pictures = np.stack([np.full((8, 8, 3), 20 * n, np.uint8) for n in range(12)])
    return hs.data.load((pictures, [("cat", "dog", "owl")[n % 3] for n in range(12)]))


def test_recurring_takes_all_rows_again_and_again_in_other_orders():
    found = streams.recurring((X, Y), [None, "invert"], repeats=2, seed=3)
    assert [one.name for one in found] == ["as it is", "invert", "as it is, again", "invert, again"]
    for one in found:
        assert sorted(one.y.tolist()) == sorted(Y.tolist())
        assert one.y.dtype == np.int64
    firsts = [one.x.flatten(1).sum(1).tolist() for one in found]
    assert firsts[0] != firsts[2]
    assert sorted(firsts[0]) == sorted(firsts[2]) == sorted(X.flatten(1).sum(1).tolist())
    back = shift_pictures(found[1].x, "invert")
    rows = [int((one == X).flatten(1).all(1).nonzero()) for one in back]
    assert torch.equal(Y[rows], torch.as_tensor(found[1].y))


def test_a_row_has_the_same_shift_wherever_it_stands():
    a, b = streams.recurring((X, Y), ["gaussian-noise"], repeats=2, rows=5, seed=4)
    whole = shift_pictures(X, "gaussian-noise", seed=4)
    for part in (a, b):
        assert len(part.x) == 5
        assert all(bool((whole == one).flatten(1).all(1).any()) for one in part.x)


def test_gradual_goes_up_and_down():
    found = streams.gradual((X, Y), "fog", rows=4)
    assert [one.name for one in found] == [f"fog {k}" for k in (1, 2, 3, 4, 5, 4, 3, 2, 1)]
    assert torch.equal(
        streams.gradual((X, Y), "fog", (0,), seed=2)[0].x.flatten(1).sum(1).sort()[0],
        X.flatten(1).sum(1).sort()[0],
    )


def test_mixed_keeps_rows_and_labels_together():
    (found,) = streams.mixed((X, Y), [None, "invert"], seed=1)
    plain, inverted = X.flatten(1), (255 - X).flatten(1)
    kinds = []
    for row, label in zip(found.x.flatten(1), found.y, strict=True):
        as_is, turned = (plain == row).all(1).nonzero(), (inverted == row).all(1).nonzero()
        kinds.append(len(as_is) == 1)
        assert Y[(as_is if len(as_is) else turned)[0, 0]] == label
    assert 0 < sum(kinds) < 12
    assert sorted(kinds) != kinds  # not one after the other


def test_label_sorted_has_a_class_a_segment():
    found = streams.label_sorted(dataset(), "fog")
    assert [one.name for one in found] == ["cat", "dog", "owl"]
    assert [one.y.tolist() for one in found] == [[k] * 4 for k in range(3)]


def test_a_dataset_gives_raw_samples_when_they_are_asked_for():
    data = dataset()
    (plain,) = streams.recurring(data, [None], repeats=1, seed=5)
    levels = [int(one[0, 0, 0]) for one in plain.x[0:12]]
    assert [(level // 20) % 3 for level in levels] == plain.y.tolist()
    assert sorted(levels) == [20 * n for n in range(12)]
    assert len(plain.x[8:40]) == 4
    (mixed,) = streams.mixed(data, [None, "invert"], seed=5)
    for one, label in zip(mixed.x, mixed.y, strict=True):
        level = int(one[0, 0, 0])
        assert (level // 20 if level % 20 == 0 else (255 - level) // 20) % 3 == label


def test_functions_change_tensors():
    def dark(x):
        return x // 2

    (found,) = streams.recurring((X, Y), [dark], repeats=1)
    assert found.name == "dark"
    assert int(found.x.max()) <= 127


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: streams.recurring((X, Y), ["fog", None], rows=6, seed=seed),
        lambda seed: streams.gradual((X, Y), "jpeg", (1, 2), rows=6, seed=seed),
        lambda seed: streams.mixed((X, Y), ["snow", "frost"], rows=6, seed=seed),
        lambda seed: streams.label_sorted((X, Y), "impulse-noise", seed=seed),
    ],
)
def test_the_seed_decides(make):
    one, same, other = make(1), make(1), make(2)
    assert all(torch.equal(a.x, b.x) and (a.y == b.y).all() for a, b in zip(one, same, strict=True))
    assert not all(torch.equal(a.x, b.x) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (lambda: streams.recurring((X, Y), ["fogg"]), Unknown, "fog"),
        (lambda: streams.recurring((X, Y), [], repeats=1), BadInput, "0 shifts"),
        (lambda: streams.recurring((X, Y), [None], repeats=0), BadInput, "repeats"),
        (lambda: streams.recurring((X, Y), [None], rows=13), BadInput, "between 1 and 12"),
        (lambda: streams.recurring((X, Y[:3]), [None]), BadData, "12 samples"),
        (lambda: streams.recurring((X, Y.float()), [None]), BadData, "float32"),
        (lambda: streams.recurring(dataset(), [lambda x: x]), BadInput, "tensors"),
        (lambda: streams.gradual((X, Y), "fog", ()), BadInput, "severities"),
        (lambda: streams.gradual((X, Y), "fog", (9,)), BadInput, "severity"),
        (lambda: streams.mixed((X, Y), []), BadInput, "shifts"),
    ],
)
def test_bad_streams_are_refused(make, kind, says):
    with pytest.raises(kind, match=says):
        make()
