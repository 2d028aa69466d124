"""`headstart stream`: a folder answered as a stream, judged only if its labels are named."""

import csv
import io
import json

import pytest
from tests.cli.telling import kept_in_runs
from tests.study import tiny

import headstart as hs
from headstart.studies.stream import Prequential


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    """Pictures of the same classes."""
    return tiny.folders(tmp_path_factory.mktemp("new") / "shapes", each=8)


def plain(text):
    return text.replace("\u00a0", " ")


def test_answers_summary_and_page(headstart, finished, new, tmp_path):
    out = tmp_path / "out"
    said = headstart("stream", finished, new, "--labels", "--shuffle", "--batch", 8, "--out", out)
    assert said.code == 0, said.err
    shown = plain(said.out)
    for words in (
        "disc/0.png",
        "Source model",
        "Norm: statistics",
        "of the rows correctly",
        "TENT: entropy minimisation answered 0 of 3 batches; the source model answered the others",
        "3 where no statistics tell whether rows differ from those that it was trained on",
        "This model comes without statistics of its training rows",  # it had 28
        "Train it anew, on 40 rows or more",
        "with --no-protect",
    ):
        assert words in " ".join(shown.split())
    assert "rows were like those" not in shown
    assert "No guard had to act" not in shown  # they had nothing to watch
    record = Prequential.read(out / "stream.json")
    assert [one.name for one in record.methods] == ["tent", "source", "norm"]
    assert (record.rows, record.batch, record.labelled) == (24, 8, True)
    page = plain((out / "stream.html").read_text("utf-8"))
    assert "Against Source model, " in page
    assert "Labels serve for the scores alone" in page
    assert headstart("report", out).code == 0
    assert plain((out / "stream.html").read_text("utf-8")) == page


def test_json_and_csv_say_what_a_stream_says(headstart, finished, new):
    said = headstart("stream", finished, new, "--batch", 8, "--no-protect", "--json")
    assert kept_in_runs(said, "stream")
    found = json.loads(said.out)
    files = sorted(new.rglob("*.png"), key=lambda p: (p.parent.name, int(p.stem)))
    assert [one["file"] for one in found["answers"]] == [str(file) for file in files]
    assert found["record"]["labelled"] is False
    s = hs.stream("tent", finished, protect=False)
    wanted = [row for k in range(3) for row in s(files[8 * k : 8 * k + 8]).probabilities.tolist()]
    got = [list(one["probabilities"].values()) for one in found["answers"]]
    assert got[0] == pytest.approx(wanted[0], abs=1e-5)
    assert got[23] == pytest.approx(wanted[23], abs=1e-5)
    said = headstart("stream", finished, new, "--batch", 8, "--no-protect", "--csv")
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["label"] for row in rows] == [one["label"] for one in found["answers"]]


def test_save_and_resume_go_on(headstart, finished, new, tmp_path):
    state = tmp_path / "state"
    words = (
        "stream",
        finished,
        new / "disc",
        "--batch",
        4,
        "--method",
        "tent:lr=0.01",
        "--no-protect",
        "--json",
    )
    first = json.loads(headstart(*words, "--save", state).out)
    again = json.loads(headstart(*words, "--load", state).out)
    assert first["answers"] != again["answers"]
    s = hs.stream("tent:lr=0.01", finished, protect=False)
    s.load(state)
    assert s.rows == 8
    other = headstart("stream", finished, new, "--method", "norm", "--no-protect", "--load", state)
    assert other.code == 4
    assert "tent" in other.err


def test_order_by_name_is_told_of_and_guards_can_be_left_out(headstart, finished, new):
    said = headstart("stream", finished, new, "--labels", "--no-guards", "--method", "tent:lr=5")
    assert "one class after the other" in plain(said.out)
    record = json.loads(headstart("stream", finished, new, "--no-guards", "--json").out)["record"]
    assert record["guards"] == []


@pytest.mark.slow
def test_what_is_refused(headstart, finished, new, tmp_path):
    strange = tiny.folders(tmp_path / "strange", each=2, classes=("disc", "sphere"))
    broken = tiny.folders(tmp_path / "broken", each=2)
    (broken / "disc" / "x.png").write_bytes(b"no picture")
    (tmp_path / "empty").mkdir()
    for words, code, says in (
        ((new, "--method", "tant"), 2, "tent"),
        ((new, "--method", "fine-tune"), 2, "Methods of streams"),
        ((new, "--batch", 0), 2, "--batch"),
        ((new, "--json", "--csv"), 2, "one of"),
        ((new, "--out", new), 8, "not empty"),
        ((tmp_path / "nowhere",), 2, "no folder"),
        ((tmp_path / "empty",), 3, "no pictures"),
        ((strange, "--labels"), 3, "'sphere'"),
        ((broken, "--labels"), 3, "1 file was not read.\n"),
        ((new, "--load", new / "disc" / "0.png"), 4, "readable"),
    ):
        said = headstart("stream", finished, *words)
        assert said.code == code, (words, said)
        assert says in said.err, (words, said.err)
