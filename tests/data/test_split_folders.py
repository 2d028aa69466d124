"""Parts of a split by any common name, what is left out of them, and files that are not read."""

import pytest
from tests.data.painting import class_folders, photo

import headstart.data as data
from headstart.core import BadData
from headstart.data.naming import part_of


def flat(folder, count=3):
    folder.mkdir(parents=True)
    for number in range(count):
        photo(seed=100 + number).save(folder / f"{number}.png")
    return folder


def findings(found):
    return {one.kind: one for one in data.check(found).findings}


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("training", "testing"),
        ("training_set", "test_set"),
        ("trainset", "testset"),
        ("Train", "Val"),
        ("seg_train", "seg_test"),
        ("train_images", "test_images"),
        ("train2017", "val2017"),
        ("train", "dev"),
        ("training-data", "validation-data"),
    ],
)
def test_parts_by_any_common_name(tmp_path, train, test):
    class_folders(tmp_path / train, cat=2, dog=3)
    class_folders(tmp_path / test, cat=1, dog=1)
    found = data.load(tmp_path)
    assert found.classes == ("cat", "dog")
    assert {item.split("/")[0]: side for item, side in zip(found.items, found.split, strict=True)} == {
        train: "train",
        test: "test",
    }
    assert found.findings == ()


@pytest.mark.parametrize(
    "name", ["trains", "protest", "testes", "set", "images", "valley", "train_test", "dog"]
)
def test_other_names_are_no_parts(name):
    assert part_of(name) is None


def test_parts_in_folders_of_their_own_name(tmp_path):
    class_folders(tmp_path / "seg_train" / "seg_train", sea=2, city=2)
    class_folders(tmp_path / "seg_test" / "seg_test", sea=1, city=1)
    flat(tmp_path / "seg_pred" / "seg_pred", 5)
    found = data.load(tmp_path)
    assert found.classes == ("city", "sea")
    assert found.items[0] == "seg_test/seg_test/city/0.png"
    assert (found.split.count("train"), found.split.count("test")) == (4, 2)
    (left,) = found.findings
    assert left.kind == "left-out"
    assert left.severity == "warning"
    assert "seg_pred/" in left.text
    assert "5 .png" in left.text


def test_a_test_folder_without_labels_is_left_out_and_named(tmp_path):
    class_folders(tmp_path / "train", ok=3, nok=3)
    flat(tmp_path / "test", 4)
    found = data.load(tmp_path)
    assert found.classes == ("nok", "ok")
    assert found.split is None
    assert len(found) == 6
    assert "test/ (no class folders; 4 .png)" in findings(found)["left-out"].text


def test_validation_is_the_test_part_where_the_test_folder_has_no_labels(tmp_path):
    class_folders(tmp_path / "train", ok=3, nok=3)
    class_folders(tmp_path / "val", ok=1, nok=1)
    flat(tmp_path / "test", 4)
    found = data.load(tmp_path)
    assert (found.split.count("train"), found.split.count("test")) == (6, 2)
    assert found.findings[0].items == ["test"]


@pytest.mark.parametrize("beside", ["docs", "pictures of the lab"])
def test_folders_beside_the_parts_are_named(tmp_path, beside):
    class_folders(tmp_path / "train", cat=2, dog=2)
    class_folders(tmp_path / "test", cat=1, dog=1)
    flat(tmp_path / beside, 1)
    (tmp_path / beside / "read.txt").write_text("x")
    found = data.load(tmp_path)
    assert found.classes == ("cat", "dog")
    assert found.split is not None
    assert f"{beside}/" in found.findings[0].text


def test_a_training_folder_alone(tmp_path):
    class_folders(tmp_path / "train", cat=2, dog=2)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("x")
    found = data.load(tmp_path)
    assert found.classes == ("cat", "dog")
    assert "docs/" in found.findings[0].text


def test_one_folder_around_the_class_folders(tmp_path):
    class_folders(tmp_path / "PetImages", Cat=2, Dog=2)
    assert data.load(tmp_path).classes == ("Cat", "Dog")
    assert data.load(tmp_path).items[0] == "PetImages/Cat/0.png"


def test_parts_without_class_folders_are_refused_by_name(tmp_path):
    flat(tmp_path / "train")
    flat(tmp_path / "test")
    with pytest.raises(
        BadData, match=r"train/ of .* look like parts of a split, but they have no class fold"
    ):
        data.load(tmp_path)
    (tmp_path / "train.csv").write_text("id,label\n")
    with pytest.raises(BadData, match=r"test/ and train/.*If the labels are in .*train\.csv"):
        data.load(tmp_path)


def test_only_the_test_part_with_labels_is_refused_by_name(tmp_path):
    flat(tmp_path / "train")
    class_folders(tmp_path / "test", cat=1, dog=1)
    with pytest.raises(BadData, match="train/ has no class folders"):
        data.load(tmp_path)


def test_a_class_called_train_with_folders_in_it_is_said(tmp_path):
    class_folders(tmp_path / "train", steam=2, electric=2)
    flat(tmp_path / "bus")
    found = data.load(tmp_path)
    assert found.classes == ("bus", "train")
    assert "bus/" in findings(found)["looks-like-a-split"].text


def test_a_class_folder_without_a_readable_file_is_named(tmp_path):
    class_folders(tmp_path, normal=2, benign=2)
    (tmp_path / "malignant").mkdir()
    for number in range(12):
        (tmp_path / "malignant" / f"{number}.mha").write_bytes(b"x")
    found = data.load(tmp_path)
    assert found.classes == ("benign", "normal")
    unread = findings(found)["unread-files"]
    assert unread.severity == "warning"
    assert "malignant/ holds 12 .mha and is no class" in unread.text
    assert unread.items == ["malignant/"]


def test_files_beside_and_among_the_pictures_are_named(tmp_path):
    class_folders(tmp_path, normal=2, benign=2)
    photo().save(tmp_path / "x.png")
    (tmp_path / "y.mat").write_bytes(b"x")
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "normal" / "z.mgz").write_bytes(b"x")
    (tmp_path / "normal" / "z.wav").write_bytes(b"x")
    (tmp_path / "normal" / "notes.txt").write_text("x")
    found = findings(data.load(tmp_path))
    assert found["stray-files"].items == ["x.png", "y.mat"]
    assert "1 .png, 1 .mat" in found["stray-files"].text
    assert sorted(found["unread-files"].items) == ["z.mgz", "z.wav"]


def test_what_is_not_read_is_named_where_one_class_is_left(tmp_path):
    class_folders(tmp_path, normal=2)
    (tmp_path / "malignant").mkdir()
    (tmp_path / "malignant" / "1.mha").write_bytes(b"x")
    with pytest.raises(BadData, match=r"only one class, 'normal'.*malignant/ holds 1 \.mha"):
        data.load(tmp_path)
    (tmp_path / "normal" / "0.png").unlink()
    (tmp_path / "normal" / "1.png").unlink()
    with pytest.raises(BadData, match=r"no pictures \(JPEG.*hold 1 \.mha"):
        data.load(tmp_path)


def test_findings_of_loading_stay_with_parts_of_the_rows(tmp_path):
    class_folders(tmp_path, normal=2, benign=2)
    photo().save(tmp_path / "x.png")
    assert data.load(tmp_path, per_class=1).subset([0]).findings[0].kind == "stray-files"


@pytest.mark.parametrize(
    "names", [("mydata_train", "mydata_test"), ("set 1 train", "set 1 val"), ("x-y-train", "x-y-dev")]
)
def test_parts_after_words_that_all_begin_with(tmp_path, names):
    for name in names:
        class_folders(tmp_path / name, cat=2, dog=2)
    found = data.load(tmp_path)
    assert found.classes == ("cat", "dog")
    assert (found.split.count("train"), found.split.count("test")) == (4, 4)


@pytest.mark.parametrize("other", ["holdout", "augmented", "train_aug"])
def test_what_holds_the_same_classes_beside_train_is_no_class(tmp_path, other):
    class_folders(tmp_path / "train", cat=2, dog=2)
    class_folders(tmp_path / other, cat=2, dog=2)
    found = data.load(tmp_path)
    assert (found.classes, len(found), found.split) == (("cat", "dog"), 4, None)
    assert f"{other}/" in findings(found)["left-out"].text


def test_folders_of_one_kind_of_folders_are_found(tmp_path):
    for person in ("anna", "bo"):
        class_folders(tmp_path / person, cat=2, dog=2)
    found = data.load(tmp_path)
    assert found.classes == ("anna", "bo")
    assert (
        "anna/, bo/ all hold folders of the same names (cat/, dog/)"
        in findings(found)["looks-like-a-split"].text
    )
    class_folders(tmp_path / "bo", bird=2)
    assert "looks-like-a-split" not in findings(data.load(tmp_path))


def test_parts_within_classes_are_found(tmp_path):
    for label in ("cat", "dog"):
        class_folders(tmp_path / label, train=2, test=2)
    found = data.load(tmp_path)
    assert (found.classes, len(found), found.split) == (("cat", "dog"), 8, None)
    assert "put the class folders into train/ and test/" in findings(found)["looks-like-a-split"].text


def test_one_folder_with_samples_beside_others_is_opened(tmp_path):
    class_folders(tmp_path / "images" / "train", cat=2, dog=2)
    class_folders(tmp_path / "images" / "val", cat=2, dog=2)
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "0.txt").write_text("0 .5 .5 .1 .1")
    found = data.load(tmp_path)
    assert (found.classes, found.split.count("test")) == (("cat", "dog"), 4)
    assert "labels/" in findings(found)["left-out"].text


def test_labelled_and_unlabelled_folders(tmp_path):
    class_folders(tmp_path / "labeled", cat=2, dog=2)
    flat(tmp_path / "unlabeled")
    found = data.load(tmp_path)
    assert (found.classes, len(found)) == (("cat", "dog"), 4)
    assert "unlabeled/" in findings(found)["left-out"].text
