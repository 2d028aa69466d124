"""The page of a probing: what it says of knowledge and capacity, and that nothing breaks out of it."""

import re
from dataclasses import replace

import pytest

from headstart.records.record import Interval
from headstart.report.text import SPACE
from headstart.studies import build_page
from headstart.studies.probe import Probed, Probing
from headstart.studies.probe import page as probing

EVIL = "<script>alert('x')</script>"
SCORES = {"stem": 0.3, "body.0": 0.6, "body.1": 0.7}


def one(probe="ridge", block="stem", score=0.3, control=0.24, memory=0.9):
    gap = None if control is None else score - control
    interval = Interval(score, score - 0.04, score + 0.04)
    controls = [] if control is None else [control] * 3
    return Probed(probe, block, 16, 1, interval, min(1.0, score + 0.1), control, controls, memory, gap)


def record(**changes):
    table = [one(block=block, score=score) for block, score in SCORES.items()]
    made = Probing(
        schema=2,
        headstart="0.1",
        command="headstart probe photos/",
        task="photos",
        classes=["birds", "flags", "vehicles", "tools"],
        label_kind="classes",
        rows=400,
        groups=400,
        backbone="efficientnet_lite0",
        backbone_parameters=3_371_024,
        metric="accuracy",
        chance=0.25,
        probes=["ridge"],
        table=table,
        notes=[],
        settings={"study": "probe", "folds": 5},
        seed=0,
        versions={"torch": "2.6"},
    )
    return replace(made, **changes)


def plain(text):
    return str(text).replace(SPACE, " ").replace("\u2212", "-")


def written(folder, made):
    folder.mkdir(exist_ok=True)
    (folder / "probe.json").write_text(made.to_json(), "utf-8")
    page = build_page(folder)
    assert page == folder / "probe.html"
    return page.read_text("utf-8")


def test_sentences_of_knowledge():
    view = probing.view(record())
    assert plain(view["headline"]) == "body.1 knows most of photos: 70.0 % by a ridge probe."
    said = [plain(sentence) for sentence in view["say"]]
    assert said[0] == (
        "The last block (body.1) knows most: 70.0 % (66.0 to 74.0). Nothing is gained by reading earlier."
    )
    assert said[2] == (
        "With random labels the ridge probe scores 24.0 % on unseen rows; always the largest class "
        "would be 25.0 %. With the true ones it is 45.0 points above both: that is knowledge of the "
        "block, not luck. On the rows that it was fitted to it scores 90.0 % with random labels: it "
        "can memorise labels, and only rows that it has not seen prove anything."
    )


@pytest.mark.parametrize(
    ("memory", "says"), [(0.9, "can memorise labels"), (0.4, "memorises some"), (0.3, "hardly")]
)
def test_sentences_of_capacity(memory, says):
    made = record(table=[one(score=0.7, memory=memory)])
    assert says in list(probing.sentences(made))[2]


def tones(made):
    return [cells[0].tone for _, _, cells in probing.view(made)["rows"]]


def test_what_is_not_clearly_above_both_may_be_luck():
    made = record(table=[one(score=0.28)])  # low: 0.24
    assert plain(probing.view(made)["headline"]) == (
        "No block of efficientnet_lite0 is seen to know anything of photos."
    )
    assert "may be luck" in list(probing.sentences(made))[2]
    assert tones(made) == ["even"]
    assert tones(record(table=[one(score=0.30)])) == ["good"]
    assert tones(record(table=[one(score=0.30, control=0.27)])) == ["even"]  # above chance, not the control


def test_several_probes_and_blocks_left_out(tmp_path):
    table = [
        *record().table,
        one("knn", "stem", 0.35),
        one("knn", "body.1", 0.8),
        one("attentive", "stem", 0.4),
    ]
    made = record(table=table, probes=["ridge", "knn", "attentive"])
    assert plain(list(probing.sentences(made))[-1]) == (
        "Other probes read, at best: the kNN probe 80.0 % from body.1 (random labels 24.0 %, on training "
        "rows 90.0 %) and the attentive probe 40.0 % from stem (random labels 24.0 %, on training rows "
        "90.0 %)."
    )
    shown = probing.terminal(made)
    assert len(shown.headings) == len(shown.rows[0]) == 8
    assert [row[0] for row in shown.rows] == ["stem", "body.0", "body.1"]
    assert plain(shown.rows[2][2]) == "70.0 % (66.0 to 74.0) +46.0 better"
    assert plain(shown.rows[2][3]) == "24.0 % (on training rows 90.0 %)"
    assert list(shown.rows[1][4:]) == [""] * 4
    page = written(tmp_path, made)
    assert page.count('<span class="none">none</span>') == 6
    for style in ("s1", "s2", "s3", "ideal", "fold"):
        assert f'class="line {style}"' in page


def test_without_controls_nothing_is_said_of_them(tmp_path):
    table = [one(block=block, score=score, control=None, memory=None) for block, score in SCORES.items()]
    made = record(table=table)
    assert probing.terminal(made).headings == ["block", "width", "Ridge probe"]
    assert not [sentence for sentence in probing.sentences(made) if "random" in sentence]
    assert "with random labels</li>" not in written(tmp_path, made)


def test_numbers_are_no_percent(tmp_path):
    table = [
        one(score=-0.2, control=-0.01, memory=0.1),
        one(block="body", score=0.55, control=-0.01, memory=0.3),
    ]
    made = record(table=table, metric="r2", chance=0.0, label_kind="numbers")
    assert "0.550" in probing.view(made)["headline"]
    page = written(tmp_path, made)
    assert "always the mean" in page


def test_the_page_is_alone_and_escaped(tmp_path):
    table = [replace(probed, block=EVIL) for probed in record().table[:1]]
    evil = record(task=EVIL, backbone=EVIL, command=EVIL, notes=[EVIL], settings={EVIL: EVIL}, table=table)
    shown = written(tmp_path, evil)
    assert EVIL not in shown
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
    assert "default-src 'none'" in shown
    assert not re.search(r"""(src|href|action|poster)\s*=\s*["']?\s*(?!data:|\#)[\w/.]""", shown)
    assert written(tmp_path, evil) == shown


def test_a_score_clearly_below_chance_is_explained(tmp_path):
    explained = "A score below chance is an artefact"
    assert explained in written(
        tmp_path / "below", record(table=[one(block="stem", score=0.1), *record().table])
    )
    assert explained not in written(tmp_path / "about", record(table=[one(block="stem", score=0.23)]))
