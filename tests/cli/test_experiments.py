"""`headstart curve` and `headstart yosinski`: table, page, record, going on, and what they refuse."""

import json

import pytest
from tests.cli.telling import refused, untouched
from tests.study import tiny

from headstart.session.session import Session
from headstart.studies.curve import SizeCurve
from headstart.studies.yosinski import Transfer

SMALL = ["--backbone", tiny.BACKBONE, "--size", 32, "--epochs", 1, "--seeds", 2]


@pytest.fixture
def small(weights):
    return [
        *SMALL,
        "--weights",
        weights,
        "--steps",
        1,
        "--method",
        "ridge-probe",
        "--method",
        "fine-tune:last=1",
    ]


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    """Pictures of four classes."""
    root = tmp_path_factory.mktemp("four") / "shapes"
    tiny.folders(root, 6)
    (root / "stripe").rename(root / "two")
    tiny.folders(root, 6, ("disc", "stripe"))
    return root


def test_a_curve_with_table_page_and_record(headstart, pictures, small, tmp_path):
    out = tmp_path / "new" / "curve"
    said = headstart("curve", pictures, *small, "--labels", "1, 3,40", "--out", out)
    assert said.code == 0, said.err
    record = SizeCurve.read(out / "curve.json")
    assert record.labels_per_class == [1, 3]
    assert record.methods == ["ridge-probe", "fine-tune:last=1"]
    assert f"Balanced accuracy on {record.test_rows} held-out rows of shapes" in said.out
    for point in record.points:
        assert f"{100 * point.mean:.1f}" in said.out
    assert "Fine-tuning (last = 1)" in said.out
    assert "Note: 40 labels a class are left out" in said.out
    assert "] try " in said.err
    page = (out / "curve.html").read_text("utf-8")
    assert "size curve" in page
    (out / "curve.html").unlink()
    assert headstart("report", out).out.strip() == str(out / "curve.html")
    assert (out / "curve.html").read_text("utf-8") == page


@pytest.mark.slow
def test_going_on_takes_the_settings_that_it_was_begun_with(
    headstart, pictures, small, tmp_path, monkeypatch
):
    words = ["curve", pictures, *small, "--labels", "1,2", "--out", tmp_path / "run"]
    first = json.loads(headstart(*words, "--json").out)
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").glob("curve.*")}
    monkeypatch.setattr(Session, "fit", None)  # all is there
    again = headstart(
        "curve", pictures, *SMALL[:2], *small[8:10], "--out", tmp_path / "run", "--resume", "--json"
    )
    assert (again.code, again.err) == (0, "")
    assert json.loads(again.out) == first
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").glob("curve.*")} == before
    said = headstart(*words, "--resume", "--seeds", 3)
    assert refused(said, 2, "holds another study", "seeds (was 2, is 3)")
    assert refused(headstart(*words), 8, "is not empty", "--resume")


@pytest.mark.slow
def test_depth_with_table_page_and_record(headstart, four, tmp_path):
    out = tmp_path / "depth"
    words = ["yosinski", four, *SMALL, "--test", 0.34, "--cuts", "1,6", "--split", "disc,two", "--out", out]
    said = headstart(*words)
    assert said.code == 0, said.err
    record = Transfer.read(out / "yosinski.json")
    assert record.base_a.classes == ["disc", "two"]
    assert record.base_b.classes == ["square", "stripe"]
    assert sorted({cut.cut for cut in record.cuts}) == [1, 6]
    assert f"| 6 (up to {record.blocks[5]})" in said.out
    assert "Base B, trained on its task alone" in said.out
    assert "transfer by depth" in (out / "yosinski.html").read_text("utf-8")
    assert headstart(*words, "--resume", "--quiet").code == 0
    assert headstart("report", out).out.strip() == str(out / "yosinski.html")


@pytest.mark.slow
def test_a_given_base_needs_no_task_a(headstart, pictures, weights, tmp_path):
    out = tmp_path / "depth"
    words = ["yosinski", pictures, *SMALL, "--cuts", "2", "--base-a", weights, "--out", out, "--json"]
    found = json.loads(headstart(*words).out)
    assert found["base_a"] is None
    assert found["base_b"]["classes"] == sorted(tiny.CLASSES)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["curve", "--labels", "1,x"], 2, ["--labels is '1,x'", "1,2,5"]),
        (["curve", "--labels", "5,2"], 2, ["--labels is 5,2", "rising"]),
        (["curve", "--labels", ""], 2, ["--labels is ()"]),
        (["curve", "--labels", "99"], 3, ["smallest subset takes 99", "--labels"]),
        (["curve", "--seeds", "0"], 2, ["--seeds is 0"]),
        (["curve", "--method", "fine-tun"], 2, ["Did you mean 'fine-tune'"]),
        (["yosinski", "--cuts", "0"], 2, ["--cuts is 0"]),
        (["yosinski", "--cuts", "99"], 2, ["cuts names 99", "blocks"]),
        (["yosinski"], 3, ["3 classes", "4 or more"]),
        (["yosinski", "--base-a", "none.safetensors"], 2, ["none.safetensors"]),
    ],
)
def test_what_is_refused_leaves_nothing_behind(headstart, pictures, words, code, told, tmp_path):
    command, *rest = words
    out = tmp_path / "run"
    said = headstart(
        command,
        pictures,
        "--backbone",
        tiny.BACKBONE,
        *_random(command),
        "--size",
        32,
        "--out",
        out,
        *rest,
        "--quiet",
    )
    assert refused(said, code, *told)
    assert untouched(out) or not any(out.rglob("*.json"))


def _random(command):
    return ["--weights", "random"] if command == "curve" else []


@pytest.mark.parametrize("command", ["curve", "yosinski"])
def test_ctrl_c_says_how_to_go_on(headstart, pictures, tmp_path, command, monkeypatch):
    def stop(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "fit", stop)
    base = tmp_path / "base"
    given = [] if command == "curve" else ["--base-a", "random"]
    said = headstart(
        command, pictures, "--backbone", tiny.BACKBONE, *_random(command), *given, "--size", 32, "--out", base
    )
    assert said.code == 130
    assert "--resume goes on from there" in said.err
    assert (base / "study.json").exists()
