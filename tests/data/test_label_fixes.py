"""Label fixes: what they do to data of each kind of label, and what is said where they do not fit."""

import numpy as np
import pytest

from headstart.core import BadData, BadInput
from headstart.data.label_fixes import LabelFix, as_csv, fix_labels, label_cell, read_label_fixes
from headstart.data.load import load

X = [[float(n)] for n in range(6)]


@pytest.fixture
def animals():
    return load((X, ["cat", "dog", "cat", "dog", "cow", "cat"]))


def written(folder, *lines, header="item,old_label,new_label,action"):
    file = folder / "label-fixes.csv"
    file.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return file


def test_each_action_does_what_it_says_and_the_data_stay_as_they_are(animals, tmp_path):
    file = written(
        tmp_path,
        "row 0,cat,dog,relabel",
        "row 1,dog,cat,keep",
        "row 2,cat,,remove",
        "row 3,dog,cat,",
    )
    before = animals.labels.copy()
    fixed = fix_labels(animals, file)
    assert [fixed.said(row) for row in range(5)] == ["dog", "dog", "dog", "cow", "cat"]
    assert fixed.items == ("row 0", "row 1", "row 3", "row 4", "row 5")
    assert (animals.labels == before).all()
    found = fixed.findings[-1]
    assert found.kind == "label-fixes"
    assert found.text == (
        "Label fixes from label-fixes.csv: 1 confirmed, 1 changed, 1 removed, 1 without an action."
    )
    assert found.items == ["row 0: cat → dog", "row 2: removed"]
    assert fixed.content != animals.content


def test_a_class_that_loses_all_rows_is_dropped_and_the_others_keep_their_names(animals):
    fixed = fix_labels(animals, [LabelFix("row 4", "cow", "dog", "relabel")])
    assert fixed.classes == ("cat", "dog")
    assert [fixed.said(row) for row in range(6)] == ["cat", "dog", "cat", "dog", "dog", "cat"]


def test_the_same_fixes_can_be_given_to_data_that_were_set_right(animals):
    fixes = [LabelFix("row 0", "cat", "dog", "relabel")]
    again = fix_labels(fix_labels(animals, fixes), fixes)
    assert again.said(0) == "dog"
    assert "1 confirmed" in again.findings[-1].text


def test_rows_of_one_name_are_told_apart_by_their_labels(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "list.csv").write_text("path,label\na.png,cat\na.png,dog\nb.png,dog\nb.png,cat\n")
    data = load(tmp_path / "list.csv")
    name = data.items[0]
    fixed = fix_labels(data, [LabelFix(name, "dog", "", "remove")])
    assert [fixed.said(row) for row in range(3)] == ["cat", "dog", "cat"]


def test_tags_and_numbers(tmp_path):
    tags = load((X, [["red"], ["red", "big"], [], ["big"], ["red"], []]), task="multilabel")
    assert [label_cell(row, tags.classes) for row in tags.labels[:3]] == ["red", "big;red", ""]
    file = written(tmp_path, "row 1,big;red,red,relabel", "row 2,,red;big,relabel", "row 0,red,,relabel")
    fixed = fix_labels(tags, file)
    assert [fixed.said(row) for row in range(3)] == ["no tag", "red", "big, red"]
    numbers = load((X, [[0.1 + 0.2], [2.5], [1.5], [4.0], [3.0], [1.0]]))
    assert label_cell(numbers.labels[0], numbers.classes) == "0.30000000000000004"
    fixed = fix_labels(numbers, written(tmp_path, "row 0,0.3,7.25,relabel"))  # as a spreadsheet writes it
    assert fixed.labels[0, 0] == 7.25


def test_what_is_written_is_read_as_it_was(tmp_path):
    fixes = [LabelFix('a "b", c.png', "red;big", "", "keep"), LabelFix("row 1", "é", "ß", "relabel")]
    file = tmp_path / "fixes.csv"
    file.write_text(as_csv(fixes), "utf-8")
    read = read_label_fixes(file)
    assert [(fix.item, fix.old, fix.new, fix.action) for fix in read] == [
        (fix.item, fix.old, fix.new, fix.action) for fix in fixes
    ]
    assert read[1].where == f"{file}, row 2"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "row 9,cat,dog,relabel",
            r"row 1: arrays has no row 'row 9'; .* Did you mean 'row .'\? Take the line",
        ),
        ("row 0,dog,cow,relabel", "the label of 'row 0' was 'dog' when the fix was made, and is 'cat' now"),
        ("row 0,cat,dgo,relabel", "'row 0': No class is called 'dgo'. Did you mean 'dog'"),
        ("row 0,cat,dog,replace", "the action for 'row 0' is 'replace'. Write keep, relabel or remove"),
        ("row 0,cat,,relabel", "No class is called ''. Known: cat, cow, dog"),
    ],
)
def test_a_fix_that_does_not_fit_is_named(animals, tmp_path, line, says):
    with pytest.raises(BadData, match=says):
        fix_labels(animals, written(tmp_path, line))


def test_files_that_hold_no_fixes_are_named(animals, tmp_path):
    with pytest.raises(BadInput, match=r"no file of label fixes .*headstart labels RUN --out FILE"):
        fix_labels(animals, tmp_path / "none.csv")
    with pytest.raises(BadData, match="lacks the column 'old_label' of label fixes; it has 'item', 'label'"):
        fix_labels(animals, written(tmp_path, "row 0,cat", header="item,label"))
    with pytest.raises(BadData, match="remove all 6 rows"):
        fix_labels(animals, [LabelFix(f"row {n}", animals.said(n), "", "remove") for n in range(6)])
    with pytest.raises(BadData, match="is removed by a fix before"):
        fix_labels(animals, [LabelFix("row 0", "cat", "", "remove")] * 2)
    numbers = load((X, [[0.5], [2.5], [1.5], [4.0], [3.0], [1.0]]))
    with pytest.raises(BadData, match="the label 'much' is not a number"):
        fix_labels(numbers, [LabelFix("row 0", "0.5", "much", "relabel")])
    assert np.isfinite(numbers.labels).all()


def test_no_cell_is_a_formula_for_a_spreadsheet_and_all_are_read_back(tmp_path):
    cells = ["=HYPERLINK(1)", "@sum", "+x", "-x", "'=x", "-1.5;2.0", "-1.5", "'tis", "a=b"]
    text = as_csv(LabelFix(cell, cell, cell, "relabel") for cell in cells)
    assert not [line for line in text.splitlines() if line[0] in "=+@" or line.startswith("-x")]
    assert "\n-1.5,-1.5,-1.5,relabel\n" in text  # a number is one
    (tmp_path / "fixes.csv").write_text(text)
    fixes = read_label_fixes(tmp_path / "fixes.csv")
    assert [(fix.item, fix.old, fix.new) for fix in fixes] == [(cell,) * 3 for cell in cells]
