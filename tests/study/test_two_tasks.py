"""Two tasks out of one data set or two: no class, no copy and no judge in common."""

import numpy as np
import pytest
from tests.study.experiments import made, rows

import headstart as hs
from headstart.core import BadInput, Unknown
from headstart.data.load import load
from headstart.studies.yosinski.tasks import Part, split_classes


@pytest.fixture(scope="module")
def six():
    return load(rows(classes=6, each=20))


def test_classes_are_split_into_halves(six):
    a, b = split_classes(six, "classes", 0.25, 0)
    assert len(a.data.classes) == len(b.data.classes) == 3
    assert set(a.data.classes) | set(b.data.classes) == set(six.classes)
    for part in (a, b):
        assert len(part.train) + len(part.test) == len(part.data) == 60
        assert not set(part.train) & set(part.test)
        assert set(part.data.labels[part.train]) == set(part.data.labels[part.test]) == {0, 1, 2}
        for row in range(60):  # labels still name the classes that they did
            old = int(part.data.items[row].removeprefix("row "))
            assert part.data.classes[part.data.labels[row]] == six.classes[six.labels[old]]
            assert (part.data.array[row] == six.array[old]).all()
    assert split_classes(six, "classes", 0.25, 0)[0].data.classes == a.data.classes
    assert len({split_classes(six, "classes", 0.25, seed)[0].data.classes for seed in range(6)}) > 1


def test_classes_of_task_a_may_be_named(six):
    a, b = split_classes(six, "4, 1", 0.25, 0)
    assert a.data.classes == ("1", "4")
    assert b.data.classes == ("0", "2", "3", "5")


def test_copies_in_both_tasks_stand_on_one_side():
    x, y = rows(classes=4, each=12)
    for place in range(0, 48, 4):
        x[place + 1] = x[place]  # a row of class 0 and one of class 1
    a, b = split_classes(load((x, y)), "0,2", 0.25, 0)
    learned = {a.data.digests[row] for row in a.train} | {b.data.digests[row] for row in b.train}
    judging = {b.data.digests[row] for row in b.test} | {a.data.digests[row] for row in a.test}
    assert not learned & judging


def test_what_task_b_is_judged_by_is_not_learned_in_task_a(six):
    half = six.subset(np.arange(60))
    b = Part.of(half, 0.25, 0)
    a, left_out = Part.of(six, 0.25, 0).without_test_rows_of(b)
    held = {b.data.digests[row] for row in b.test}
    assert not held & {a.data.digests[row] for row in a.train}
    assert len(a.train) == 90 - left_out < 90
    assert Part.of(load(rows(seed=5)), 0.25, 0).without_test_rows_of(b)[1] == 0
    notes = hs.yosinski(made(), six, half, test=0.25, cuts=(1,), seeds=1, epochs=1).notes
    assert f"{left_out} rows of task A are not used for training: copies of them test task B." in notes


@pytest.mark.parametrize(
    ("split", "kind", "words"),
    [
        ("7,1", Unknown, "No class of arrays is called '7'"),
        ("1", BadInput, "names 1 of 6 classes"),
        ("0,1,2,3,4", BadInput, "names 5 of 6 classes"),
        ("", BadInput, "split is ''"),
    ],
)
def test_bad_splits(six, split, kind, words):
    with pytest.raises(kind, match=words):
        hs.yosinski(made(), six, split=split, seeds=1, epochs=1)
