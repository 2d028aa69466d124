"""Labels of a second data set belong to a model's classes by name, whatever their positions; D4."""

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.data.columns import Columns
from headstart.data.naming import class_numbers
from headstart.data.streams import Segment


def digits(classes, rows):
    data = hs.data.load("digits")
    kept = np.flatnonzero(np.isin(data.labels, classes))[rows]
    return (data.array[kept].reshape(len(kept), -1) / 255).astype("float32"), data.labels[kept]


def net(classes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, classes))


@pytest.fixture(scope="module")
def model():
    """Of the digits 1, 2 and 3, whose names are no positions."""
    return hs.fit(hs.methods.RidgeProbe(), net(3), digits((1, 2, 3), slice(0, 300)))


def accuracy(model, *segments, **more):
    """Of the source model, over all."""
    return (
        hs.prequential("lame", model, segments, compare=("source",), **more, protect=False)
        .method("source")
        .accuracy.value
    )


def truth(model, x, y):
    return np.mean([each.label == str(label) for each, label in zip(model.predict(x), y, strict=True)])


def test_two_of_three_classes_are_matched_by_name(model):
    x, y = digits((2, 3), slice(-150, None))
    right = truth(model, x, y)
    assert right > 0.8
    streams = hs.data.streams
    for data in (hs.data.load((x, y)), (x, y), (x, y.astype(str)), (x, y.astype(np.uint8))):
        assert accuracy(model, *streams.recurring(data, [None], repeats=1)) == pytest.approx(right)
        assert accuracy(model, *streams.label_sorted(data)) == pytest.approx(right)
        assert accuracy(model, *streams.mixed(data, [None, None])) == pytest.approx(right)
    assert accuracy(model, Segment("own", x, y)) == pytest.approx(right)
    assert accuracy(model, Segment("own", x, y - 2, ("2", "3"))) == pytest.approx(right)
    assert [s.name for s in streams.label_sorted(hs.data.load((x, y)))] == ["2", "3"]


def test_the_classes_of_the_training_are_taken_and_in_any_order(model):
    x, y = digits((1, 2, 3), slice(-150, None))
    right = truth(model, x, y)
    assert accuracy(model, Segment("all", x, y)) == pytest.approx(right)
    names = hs.data.load((x, [{1: "3", 2: "1", 3: "2"}[label] for label in y.tolist()]))  # a wrong key
    assert accuracy(model, *hs.data.streams.recurring(names, [None], repeats=1)) < 0.2


def test_names_that_the_model_lacks_are_refused_by_name(model):
    x, y = digits((2, 3, 7), slice(0, 60))
    with pytest.raises(BadData, match=r"a class that the model lacks: '7'; it has '1', '2', '3'"):
        accuracy(model, *hs.data.streams.recurring((x, y), [None], repeats=1))
    named = hs.fit(hs.methods.RidgeProbe(), net(2), (x, np.where(y == 7, "seven", "other")))
    with pytest.raises(BadData, match=r"2 classes that the model lacks: '0', '1'.*never by position"):
        accuracy(named, Segment("positions", x, (y == 7).astype(int)))


def test_a_plain_module_has_the_positions_of_its_outputs_as_names():
    x, y = digits((0, 1, 2), slice(0, 90))
    torch.manual_seed(0)
    module = net(3).eval()
    with torch.no_grad():
        right = float((module(torch.from_numpy(x)).argmax(1).numpy() == y).mean())
    assert accuracy(module, Segment("all", torch.from_numpy(x), y), guards=()) == pytest.approx(right)


def test_one_number_is_one_name():
    assert class_numbers([3.0, 1, "2", np.int64(2)], ("1", "2", "3"), "x").tolist() == [2, 0, 1, 1]
    with pytest.raises(BadData, match=r"lacks: '1\.5'"):
        class_numbers([1.5], ("1", "2"), "x")


@pytest.mark.parametrize(
    "labels", [np.array([1, 2, 3]), np.array(["1", "2", "3"]), np.array([1.0, 2.0, 3.0])]
)
def test_the_array_y_of_a_file_is_names(model, tmp_path, labels):
    """Whole numbers in a file were taken for positions, so that 97 % became 1.5 %."""
    from headstart.streaming.inputs import read_items

    x, _ = digits((1, 2, 3), slice(0, 3))
    np.savez(tmp_path / "new.npz", x=x, y=labels)
    items = read_items(tmp_path / "new.npz", model, True, False, 0, Columns())
    assert items.y.tolist() == [0, 1, 2]
    assert items.classes == ("1", "2", "3")


def test_other_data_are_matched_by_name_too(model):
    """The labelled target of an alignment, and rows that shortcuts are looked for on."""
    x, y = digits((2, 3), slice(-100, None))
    found = hs.shortcuts(model, hs.data.load((x, y)), features=("column 30",))
    assert found.accuracy.value == pytest.approx(truth(model, x, y))
    source = hs.data.load(digits((1, 2, 3), slice(0, 200)))
    done = hs.align(source, hs.data.load((x, y)), net(3), methods=("source-only",), epochs=20, seeds=1)
    assert done.result.table[0].last.value > 0.7


def test_labels_of_a_target_that_can_t_be_used_are_named():
    """They were passed over: of one class alone, or with a row without one."""
    rng = np.random.default_rng(0)
    y = np.arange(160) % 2
    x, names = (rng.normal(size=(160, 4)) + 2 * y[:, None]).astype(np.float32), np.array(["red", "green"])[y]
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    quick = {"methods": ("coral",), "epochs": 1, "seeds": 1}
    source, target = (x[:80], names[:80]), x[80:] + 0.5
    red = names[80:] == "red"
    assert hs.align(source, (target[red], names[80:][red]), net, **quick).result.test_rows > 0
    gone = np.where(np.arange(80) == 3, None, names[80:])
    part = hs.align(source, (target, gone), net, **quick).result
    assert part.target_rows + part.test_rows == 80  # without a label it is learned from
    assert "1 row has no label in" in part.notes[0]
    assert hs.align(source, (target, gone), net, **quick, unlabelled=True).result.test_rows == 0
    with pytest.raises(BadInput, match="80 rows and there are 79 labels"):
        hs.align(source, (target, names[80:-1]), net, **quick)
