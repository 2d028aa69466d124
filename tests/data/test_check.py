import time

import numpy as np
import pytest
from PIL import Image, ImageDraw
from tests.data.painting import class_folders, encoded, photo

import headstart.data as data
from headstart.core import BadData
from headstart.data.check import dependent_rows
from headstart.data.near_duplicates import groups_of_pairs, pairs_of_equals
from headstart.data.train_test_split import train_and_test


def kinds(checked):
    return {finding.kind: finding for finding in checked.findings}


def test_healthy_data_gives_no_findings(tmp_path):
    checked = data.check(data.load(class_folders(tmp_path, cat=10, dog=12)))
    assert checked.findings == ()
    assert checked.rows.tolist() == list(range(22))
    assert checked.groups.tolist() == list(range(22))
    assert checked.class_counts == {"cat": 10, "dog": 12}
    assert "digests" in vars(checked.dataset)
    assert checked.dataset.content == data.load(tmp_path).content


def test_unreadable_files_are_listed_and_left_out(tmp_path):
    class_folders(tmp_path, cat=4, dog=3)
    half = encoded(photo(seed=50))
    for damaged in ("1.png", "2.png"):
        (tmp_path / "cat" / damaged).write_bytes(half[: len(half) // 2])
    (tmp_path / "dog" / "7.heic").write_bytes(b"from a telephone")
    found = data.load(tmp_path)
    (tmp_path / "dog" / "2.png").unlink()
    checked = data.check(found)
    unreadable = kinds(checked)["unreadable"]
    assert unreadable.items == ["cat/1.png", "cat/2.png", "dog/2.png", "dog/7.heic"]
    assert unreadable.count == 4
    assert unreadable.severity == "warning"
    assert "left out. 2 like this: cat/1.png can't be read" in unreadable.text  # the commonest reason first
    assert "1 like this: dog/7.heic can't be read" in unreadable.text
    assert "cat/2.png" not in unreadable.text
    assert "dog/2.png can't be read: No such file" in unreadable.text  # the first of each reason
    assert checked.rows.tolist() == [0, 3, 4, 5]
    assert checked.dataset.items == ("cat/0.png", "cat/3.png", "dog/0.png", "dog/1.png")
    assert checked.dataset.digests == checked.dataset.subset([0, 1, 2, 3]).digests


def test_nothing_readable(tmp_path):
    class_folders(tmp_path, cat=1, dog=1)
    for file in tmp_path.glob("*/*.png"):
        file.write_bytes(b"")
    with pytest.raises(BadData, match=r"None of the 2 rows .*cat/0\.png"):
        data.check(data.load(tmp_path))


def test_a_class_of_one_is_named(tmp_path):
    with pytest.raises(BadData, match="class 'emu'"):
        data.check(data.load(class_folders(tmp_path, cat=3, emu=1)))


def test_a_class_that_becomes_one_is_named(tmp_path):
    class_folders(tmp_path, cat=3, emu=2)
    (tmp_path / "emu" / "1.png").write_bytes(b"")
    with pytest.raises(BadData, match="class 'emu'"):
        data.check(data.load(tmp_path))


def test_small_and_uneven_classes():
    labels = np.repeat([0, 1, 2], [101, 10, 9])
    x = np.random.default_rng(0).normal(size=(120, 3))
    few = kinds(data.check(data.load((x, labels))))
    assert few["few-examples"].items == ["2"]
    assert few["few-examples"].severity == "warning"
    assert few["imbalance"].items == ["0", "2"]
    even = kinds(data.check(data.load((x[:110], np.repeat([0, 1], [100, 10])))))
    assert even == {}


def test_exact_duplicates_conflicts_and_the_user_s_groups():
    x = np.arange(24.0).reshape(12, 2)
    x[5] = x[0]
    x[7] = x[2]
    labels = [0] * 6 + [1] * 6
    groups = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 6]
    checked = data.check(data.load((x, labels), groups=groups))
    found = kinds(checked)
    assert found["exact-duplicates"].items == ["row 0 = row 5", "row 2 = row 7"]
    assert found["exact-duplicates"].count == 4
    assert found["conflicting-labels"].items == ["row 2 (0) = row 7 (1)"]
    assert found["conflicting-labels"].text.startswith("A pair of equal rows has different labels.")
    assert checked.groups.tolist() == [0, 1, 2, 3, 4, 0, 5, 2, 6, 7, 1, 5]


def test_copies_on_both_sides_of_the_user_s_split(tmp_path):
    for part, seed in (("train", 0), ("test", 100)):
        class_folders(tmp_path / part, cat=10, dog=10)
        for number, file in enumerate(sorted((tmp_path / part).glob("*/*.png"))):
            photo(seed=seed + number).save(file)
    photo(seed=5).resize((50, 40)).save(tmp_path / "test" / "cat" / "3.png")
    leak = kinds(data.check(data.load(tmp_path)))["split-leak"]
    assert leak.items == ["test/cat/3.png"]
    assert leak.severity == "warning"


def test_groups_of_the_user_on_both_sides_of_the_split():
    """Of the patients 0 to 5 (two rows each, in turn) 4 and 5 are tested, and one row of patient 0."""
    rows = {"x": list(np.random.default_rng(0).normal(size=12)), "label": ["ill", "well"] * 6}
    rows |= {
        "patient": [0, 1, 2, 3, 4, 5] * 2,
        "part": ["train"] * 4 + ["test"] * 3 + ["train"] * 3 + ["test"] * 2,
    }
    named = {"group_column": "patient", "split_column": "part"}
    cut = kinds(data.check(data.load(rows, **named)))["split-groups"]
    assert (cut.items, cut.severity) == (["row 6 (x = 1.304)"], "warning")
    assert "1 test rows of your split belong to 1 of your groups that has training rows" in cut.text
    rows["part"][6] = "train"
    assert "split-groups" not in kinds(data.check(data.load(rows, **named)))
    assert "split-groups" not in kinds(data.check(data.load(rows, split_column="part", group_column=None)))


def test_answers_that_many_patients_give_do_not_chain_them():
    """12 patients with five rows each; some answers of each are those of the next one."""
    patient = np.repeat(np.arange(12), 5)
    answers = np.stack([np.arange(60) % 5 % 3, (np.arange(60) * 7) % 4], 1).astype(float)
    labels = patient % 2
    checked = data.check(data.load((answers, labels), groups=patient))
    assert checked.groups.tolist() == patient.tolist()
    assert "Only your 12 groups" in kinds(checked)["chained-groups"].text
    assert dependent_rows(data.load((answers, labels), groups=patient)).tolist() == patient.tolist()
    own = answers + patient[:, None] * 100  # no answer of another patient
    own[5] = own[0]
    checked = data.check(data.load((own, labels), groups=patient))
    assert checked.groups[:15].tolist() == [0] * 10 + [1] * 5
    assert "chained-groups" not in kinds(checked)


@pytest.mark.parametrize(
    ("groups", "said"), [([7] * 12, "all rows are of one group"), ([0, 1] * 6, "there are 2 groups")]
)
def test_too_few_groups_to_test_with_are_named(groups, said):
    """A class that is a group can't be both learned and tested."""
    rows = data.check(data.load((np.arange(24.0).reshape(12, 2), [0, 1] * 6), groups=groups)).dataset
    with pytest.raises(BadData, match=said):
        train_and_test(rows, 0.2, 0)


def test_a_split_without_training_rows_of_a_class():
    found = data.load((np.arange(8.0).reshape(4, 2), [0, 0, 1, 1]))
    for split, what in ((("train", "test", "test", "test"), "training"),):
        wrong = data.Dataset("x", found.classes, found.labels, found.items, found.samples, split=split)
        with pytest.raises(BadData, match=f"no readable {what} rows of the class '1'"):
            data.check(wrong)
    untested = data.Dataset(
        "x",
        found.classes,
        found.labels,
        found.items,
        found.samples,
        split=("train", "test", "train", "train"),
    )
    assert kinds(data.check(untested))["untested-classes"].items == ["1"]


def pictures(*some):
    """A dataset of these pictures, every other one of the class a."""
    from headstart.data.samples import InMemory

    contents = [one if isinstance(one, bytes) else encoded(one) for one in some]
    labels = np.arange(len(some)) % 2
    items = tuple(map(str, range(len(some))))
    return data.Dataset("some", ("a", "b"), labels, items, InMemory(contents))


def test_near_duplicates_are_found():
    picture = photo(200, 150, seed=1)
    darker = Image.fromarray((np.asarray(picture) * 0.9).astype(np.uint8))
    some = pictures(
        picture,
        photo(200, 150, seed=2),
        encoded(picture, "JPEG", quality=40),
        picture.resize((90, 70)),
        photo(200, 150, seed=3),
        darker,
    )
    checked = data.check(some)
    assert checked.groups.tolist() == [0, 1, 0, 0, 2, 0]
    assert kinds(checked)["near-duplicates"].count == 4
    assert data.check(some, near=False).groups.tolist() == list(range(6))


def sign(symbol):
    """A road sign: all the same but for a small symbol."""
    picture = Image.new("RGB", (120, 120), "white")
    draw = ImageDraw.Draw(picture)
    draw.polygon([(60, 8), (4, 108), (116, 108)], fill="white", outline="red", width=9)
    getattr(draw, symbol[0])(symbol[1], fill="black")
    return picture


def test_pictures_that_differ_in_one_place_are_kept_apart():
    shapes = ("ellipse", (45, 60, 75, 90)), ("rectangle", (55, 45, 65, 100))
    lines = ("rectangle", (35, 85, 85, 95)), ("polygon", (60, 40, 40, 95, 60, 75))
    checked = data.check(pictures(*map(sign, (*shapes, *lines))))
    assert "near-duplicates" not in kinds(checked)


def test_blank_pictures_are_not_called_alike():
    def paper(level):
        return Image.fromarray((np.asarray(photo(100, 100)) // 40 + level).astype(np.uint8))

    some = [paper(level) for level in (200, 210, 220, 230)]
    some += [Image.new("RGB", (size, size), "white") for size in (50, 60)]
    assert data.check(pictures(*some)).groups.tolist() == list(range(6))


def test_odd_shapes():
    found = kinds(data.check(pictures(photo(8, 30), photo(10, 90, 1), photo(), photo(seed=2))))
    assert found["tiny"].items == ["0", "1"]
    assert found["extreme-shape"].items == ["1"]


def test_joining_pairs():
    assert groups_of_pairs(6, [(4, 1), (2, 4), (5, 3)]).tolist() == [0, 1, 1, 2, 1, 2]
    assert pairs_of_equals("abcab") == [(0, 3), (1, 4)]


def test_clipart_takes_little_time_and_its_groups_hold():
    found = data.load("clipart")
    began = time.perf_counter()
    checked = data.check(found)
    assert time.perf_counter() - began < 10  # about 1 s on two free cores
    assert set(kinds(checked)) == {"tiny", "extreme-shape", "near-duplicates"}
    near = kinds(checked)["near-duplicates"]
    assert "music/cello_mo_01.webp = music/cello_mo_02.webp" in near.items
    assert near.count < 40


def test_a_row_that_can_not_be_read_is_named():
    texts = data.load((["good", " ", "bad", "worse"], ["a", "b", "a", "b"]))
    with pytest.raises(BadData, match=r"^row 1 of texts: it is empty"):
        dependent_rows(texts)
