"""The page of a shift: what it shows for each verdict, and that nothing breaks out of it."""

import re
from dataclasses import replace

import pytest

from headstart.records.record import Interval
from headstart.report.text import SPACE
from headstart.studies import build_page
from headstart.studies.shift import ClassShare, Drifted, LabelShift, LeastSimilarRow, Shift
from headstart.studies.shift import page as shift
from headstart.studies.shift.page import parts, rows

EVIL = "<script>alert('x')</script>"


def drifted(name="brightness", kind="numbers", detail="", p=0.0001, **more):
    given = {"source": 0.8, "target": 0.4, "statistic": 0.6, "p_value": p, "adjusted": p, "drifted": p < 0.01}
    return Drifted(name, kind, detail, **given | more)


def record(**changes):
    shares = [
        ClassShare("cat", 0.5, Interval(0.2, 0.1, 0.3)),
        ClassShare("dog", 0.5, Interval(0.8, 0.7, 0.9)),
    ]
    made = Shift(
        schema=2,
        headstart="0.1",
        command="headstart shift photos/ scans/",
        source="photos",
        target="scans",
        kind="pictures",
        source_rows=5000,
        target_rows=300,
        source_taken=2000,
        target_taken=300,
        features="efficientnet_lite0",
        width=1280,
        auc=Interval(0.93, 0.9, 0.95),
        error=0.15,
        distance=1.4,
        mmd=0.01,
        mmd_p=0.005,
        inside=0.71,
        expected=0.95,
        effective=400.0,
        drift=[
            drifted(),
            drifted("site", "names", "b"),
            drifted("age", "missing"),
            drifted("width", p=0.5),
        ],
        labels=LabelShift(shares, 0.9, 1.5, True, Interval(0.9, 0.86, 0.93)),
        edges=[0.0, 0.5, 1.0],
        source_scores=[0.75, 0.25],
        target_scores=[0.1, 0.9],
        unlike=[
            LeastSimilarRow("7.png", "", "UklGRg==", 0.98, False),
            LeastSimilarRow("8.png", "", "", 0.9, True),
        ],
        copies=0,
        near_copies=0,
        verdict="partly",
        headline="The target differs (AUC 0.93).",
        say=["One sentence.", "Align them."],
        next=["headstart align --source photos/ --target scans/"],
        notes=["A note."],
        settings={"study": "shift", "rows": 2000},
        seed=0,
        versions={"torch": "2.6"},
    )
    return replace(made, **changes)


def written(folder, made):
    folder.mkdir(exist_ok=True)
    (folder / "shift.json").write_text(made.to_json(), "utf-8")
    page = build_page(folder)
    assert page == folder / "shift.html"
    return page.read_text("utf-8")


def plain(text):
    return str(text).replace(SPACE, " ").replace("\u2212", "-")


def test_quantities_are_told_in_their_own_units():
    assert [[plain(cell) for cell in row] for row in rows(record())] == [
        ["brightness", "0.800", "0.400", "0.60", "< 0.001", "differs"],
        ["site = b", "80.0 %", "40.0 %", "0.60", "< 0.001", "differs"],
        ["age: empty", "80.0 %", "40.0 %", "0.60", "< 0.001", "differs"],
        ["width", "0.800", "0.400", "0.60", "0.500", "not clearly"],
    ]
    tones = [cells[-1].tone for _, _, cells in shift.view(record())["rows"]]
    assert tones == ["bad", "bad", "bad", ""]


def test_facts():
    found = {label: (plain(value), plain(detail)) for label, value, detail in shift.view(record())["facts"]}
    assert found["domain classifier"] == ("AUC 0.93", "0.90 to 0.95; 0.5 is chance")
    assert found["within reach"] == ("71.0 %", "of target rows; 95.0 % without shift")
    assert found["weights"][0] == "400 of 2,000"
    wide = {label: value for label, value, _ in shift.view(record(inside=1.0, width=1280))["facts"]}
    assert wide["within reach"] == "not known"
    assert "100.0" not in shift.view(record(inside=1.0, width=1280))["figure"].split("AUC")[1][:80]
    assert found["kernel test"] == ("p = 0.005", "proxy A-distance 1.40 of 2")


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ({}, "they don't explain all of the difference."),
        ({"auc": Interval(0.51, 0.48, 0.54)}, "the shares explain the difference."),
        (
            {"known": False, "auc": None},
            "known to about 10 points: a smaller change can't be told from none.",
        ),
        ({}, "Changed beyond chance: cat and dog."),
    ],
)
def test_sentences_of_classes(labels, says):
    made = record(labels=replace(record().labels, **labels))
    part = next(part for part in parts(made) if part["id"] == "classes")
    assert says in " ".join(part["say"])
    assert [plain(cell) for cell in part["rows"][1]] == ["dog", "50.0 %", "80.0 %", "70.0 to 90.0", "+30.0"]


def test_the_page_has_all_of_it_and_the_section_too(tmp_path):
    page = written(tmp_path, record())
    for text in ("The target differs (AUC 0.93).", "data:image/webp;base64,UklGRg==", "7.png", "A note."):
        assert text in page
    assert page.count("<svg") >= 4
    assert "headstart align --source photos/ --target scans/" in page
    assert [part["id"] for part in parts(record())] == ["shift", "quantities", "classes", "unlike"]
    alone = record(labels=None, unlike=[], next=[], drift=[])
    assert [part["id"] for part in parts(alone)] == ["shift", "quantities"]
    assert "Shares of the classes" not in written(tmp_path, alone)


def test_many_quantities_are_cut():
    made = record(drift=[drifted(f"column {n}") for n in range(40)])
    assert len(list(rows(made))) == 30
    assert "10 quantities that differ less" in shift.view(made)["reading"]


def test_the_page_is_alone_and_escaped(tmp_path):
    evil = record(
        source=EVIL,
        target=EVIL,
        headline=EVIL,
        say=[EVIL],
        next=[EVIL],
        notes=[EVIL],
        drift=[drifted(EVIL), drifted("x", "names", EVIL)],
        labels=replace(record().labels, shares=[ClassShare(EVIL, 0.5, Interval(0.5, 0.4, 0.6))]),
        unlike=[
            LeastSimilarRow(EVIL, EVIL, '"><script>', 0.9, False),
            LeastSimilarRow("a", "", '"><script>', 0.9, False),
        ],
    )
    shown = written(tmp_path, evil)
    assert EVIL not in shown
    assert "<script" not in shown
    assert not re.search(r"""(src|href|action|poster)\s*=\s*["']?\s*(?!data:|\#)[\w/.]""", shown)
    assert written(tmp_path, evil) == shown
