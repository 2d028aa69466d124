"""The page of shortcuts: what it says follows the intervals, and nothing breaks out of it."""

from dataclasses import replace

import pytest

from headstart.records.record import Interval
from headstart.report.text import SPACE
from headstart.studies import build_page
from headstart.studies.shortcuts import Change, Conflict, GroupScore, Shortcuts
from headstart.studies.shortcuts import page as confounding

EVIL = "<script>alert('x')</script>"


def about(value, width=0.05):
    return Interval(value, max(0.0, value - width), min(1.0, value + width))


def group(name, accuracy, rows=100):
    label, attribute = name.split(", ")
    return GroupScore(name, label, attribute, rows, about(accuracy))


def change(name, kind, drop, accuracy=0.6, width=0.02):
    interval = Interval(drop, drop - width, drop + width)
    return Change(name, kind, "the rest", "colour", 100, accuracy + drop, about(accuracy), interval, 0.25)


def record(**changes):
    made = Shortcuts(
        schema=2,
        headstart="0.1",
        command="headstart shortcuts runs/a test.csv",
        task="cattle",
        model="small",
        kind="pictures",
        classes=["camel", "cow"],
        rows=400,
        accuracy=about(0.8),
        chance=0.5,
        attributes=["grass", "sand"],
        association=0.7,
        groups=[group("cow, grass", 0.95), group("cow, sand", 0.4, rows=12)],
        balanced=0.675,
        worst=about(0.4),
        gap=Interval(0.55, 0.45, 0.65),
        conflicts=[Conflict("texture", 50, 10, 30, about(0.25))],
        changes=[change("grey", "cue", 0.2), change("red tag", "tag", 0.1)],
        notes=[],
        settings={"study": "shortcuts", "rows": 500},
        seed=0,
        versions={"torch": "2.6"},
    )
    return replace(made, **changes)


def said(made):
    texts = [confounding.headline(made), *confounding.sentences(made)]
    return " ".join(text.replace(SPACE, " ").replace("\u2212", "-") for text in texts)


def test_sentences_of_groups():
    text = said(record())
    assert text.startswith("Cow, sand: only 40.0 % are classified correctly. ")
    assert (
        "The worst group, cow, sand (12 rows), has accuracy 40.0 % (35.0 to 45.0), the best, cow, grass,"
        in text
    )
    assert "The gap of 55.0 points is more than chance." in text
    assert "Cramér's V 0.70" in text
    assert "Of cow, sand there are fewer than 20 rows" in text


def test_a_gap_that_may_be_chance_is_no_verdict():
    made = record(gap=Interval(0.1, 0.0, 0.3), conflicts=[], changes=[], association=0.05)
    text = said(made)
    assert "The intervals overlap: a gap of 10.0 points may be chance." in text
    assert "more than chance" not in text
    assert "Cramér" not in text
    assert text.startswith("No shortcut of small is seen in these rows.")


@pytest.mark.parametrize(
    ("share", "says"),
    [
        (about(0.25), ": mostly texture."),
        (about(0.52), ": neither is seen to prevail."),
        (about(0.8), ": mostly shape."),
        (None, "neither is ever predicted (50 pictures)"),
    ],
)
def test_sentences_of_conflicts(share, says):
    assert says in said(record(conflicts=[Conflict("texture", 50, 10, 30, share)]))


def test_without_a_gap_a_conflict_makes_the_headline_and_then_a_tag():
    plain = {"gap": None, "worst": None, "groups": [], "balanced": None, "association": None}
    assert said(record(**plain)).startswith("Small relies on texture, not on shape.")
    tag = said(record(**plain, conflicts=[]))
    assert tag.startswith("A red tag in the corner is enough to mislead small.")
    assert "A red tag in the corner costs 10.0 points and changes 25.0 % of the predictions." in tag
    harmless = said(record(**plain, conflicts=[], changes=[change("red tag", "tag", 0.01)]))
    assert "No tag is seen to cost accuracy." in harmless
    assert "No shortcut" in harmless


def test_sentences_of_columns():
    over, inside = change("ward", "column", 0.3), change("ward", "column within classes", 0.01)
    text = said(record(kind="tables", changes=[over, inside, change("age", "column", 0.01)]))
    assert "these columns cost most: ward (30.0 points)" in text
    assert "Shuffled among rows of the same class, ward costs 1.0 points" in text
    both = said(record(kind="tables", changes=[over, change("ward", "column within classes", 0.29)]))
    assert "Shuffled among" not in both
    assert "No column is seen to matter" in said(record(changes=[change("age", "column", 0.01)]))


def test_reading_what_is_around_is_told_only_above_chance():
    above, below = change("middle hidden", "cue", 0.1, 0.7), change("middle hidden", "cue", 0.3, 0.52)
    assert "it can use the surroundings" in said(record(changes=[above]))
    assert "it can use" not in said(record(changes=[below]))


def test_the_page(tmp_path):
    made = record(task=EVIL, model=EVIL, notes=[EVIL], groups=[group(f"{EVIL}, x", 0.4), group("b, y", 0.9)])
    (tmp_path / "shortcuts.json").write_text(made.to_json(), "utf-8")
    page = build_page(tmp_path)
    assert page == tmp_path / "shortcuts.html"
    text = page.read_text("utf-8")
    assert EVIL not in text
    assert "&lt;script&gt;" in text
    assert text.count("<tr>") == 1 + 1 + 2 + 1 + 2  # headings, all rows, groups, conflict, changes
    assert "verdict bad" in text


def test_terminal_rows_have_as_many_cells_as_headings():
    shown = confounding.terminal(record())
    assert [len(row) for row in shown.rows] == [len(shown.headings)] * 6
    texts = [[cell.replace(SPACE, " ").replace("\u2212", "-") for cell in row] for row in shown.rows]
    assert texts[2] == ["cow, sand", "12 rows", "40.0 % (35.0 to 45.0) -40.0 worse", ""]
    assert texts[4] == ["grey", "left: the rest", "60.0 % (55.0 to 65.0) -20.0 worse", "25.0 %"]
