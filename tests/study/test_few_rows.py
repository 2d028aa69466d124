"""A handful of rows: as many folds as there can be, and a sentence where methods can't be compared."""

import numpy as np
import pytest
from tests.study import tiny

import headstart as hs
from headstart.core import BadData

METHODS = ("ridge-probe", "nearest-centroid", "knn")


def pictures(*counts):
    """So many pictures of each class, and their labels."""
    drawn = [
        (np.asarray(tiny.shape(kind, 100 * number + each)), kind)
        for number, (kind, count) in enumerate(zip(tiny.CLASSES, counts, strict=False))
        for each in range(count)
    ]
    return np.stack([picture for picture, _ in drawn]), np.array([kind for _, kind in drawn])


@pytest.mark.parametrize(("counts", "folds"), [((3, 3), 4), ((2, 3), 3), ((4, 4, 4), 5)])
def test_as_many_folds_as_rows_to_learn_from(base, tmp_path, counts, folds):
    how = {"methods": METHODS, "epochs": 1, "curve": False, "reading": "own"}
    done = hs.adapt(base, pictures(*counts), out=tmp_path / "run", **how)
    assert {one.of_folds for one in done.result.candidates} == {folds}
    said = [note for note in done.result.notes if "one for each row or group" in note]
    assert said == [f"There are {folds} folds, one for each row or group of the training part."] * (folds < 5)
    assert (tmp_path / "run" / "report.html").is_file()


@pytest.mark.parametrize("counts", [(2, 2), (2, 2, 2)])
def test_one_row_of_each_class_compares_nothing(base, tmp_path, counts):
    with pytest.raises(BadData, match="one row of each class to learn from, so methods can't be compared"):
        hs.adapt(base, pictures(*counts), out=tmp_path / "run", methods=METHODS, epochs=1)
    assert not (tmp_path / "run").exists()


def test_numbers_of_few_rows(base, tmp_path):
    x, _ = pictures(4)
    done = hs.adapt(base, (x, np.arange(4.0) + 0.5), out=tmp_path / "run", methods=METHODS[:1], epochs=1)
    assert done.result.candidates[0].of_folds == 3
    with pytest.raises(BadData, match="one row or group to learn from"):
        hs.adapt(base, (x[:2], np.arange(2.0) + 0.5), out=tmp_path / "two", methods=METHODS[:1], epochs=1)
