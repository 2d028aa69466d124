"""What is wrong inside the data, on the command line: labels, columns, numbers that are none, long texts."""

import csv
import json

import numpy as np
import pytest
import torch
from tests import wordy
from tests.cli.telling import refused, untouched
from tests.study import tiny

from headstart.core import BadData
from headstart.studies.adapt import Result

QUICK = ["--epochs", 1, "--folds", 2, "--no-curve", "--quiet", "--method", "ridge-probe"]
HEAD = ["size", "colour", "label"]


def table(file, rows, head=HEAD):
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([head, *rows])
    return file


def rows(count=40):
    """Two kinds that size tells apart."""
    rng = np.random.default_rng(0)
    for n in range(count):
        yield [f"{rng.normal(3 * (n % 2)):.3f}", ("red", "blue")[n % 2], f"kind{n % 2}"]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A folder of transformers' whose tokenizer has no pad token, and whose model reads 20 tokens at most."""
    import transformers

    folder = tmp_path_factory.mktemp("reader")
    config = transformers.GPT2Config(
        vocab_size=len(wordy.WORDS), n_embd=32, n_layer=1, n_head=2, n_positions=20, n_inner=32
    )
    with torch.random.fork_rng():
        transformers.AutoModel.from_config(config).save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(tokenizer_object=wordy.tokenizer(False)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """30 reviews, three of them with more than 20 words."""
    said, kinds = wordy.reviews(15)
    long = [f"{text} " + "and the film was very " * 5 for text in said[:3]]
    file = tmp_path_factory.mktemp("texts") / "reviews.csv"
    return table(file, zip([*long, *said[3:]], kinds, strict=True), ["text", "label"])


# --- labels


def test_a_class_that_only_test_rows_have(headstart, tmp_path):
    split = [[*row, "test" if n >= 30 else "train"] for n, row in enumerate(rows())]
    split += [["1.0", "red", "odd", "test"], ["2.0", "red", "odd", "test"]]
    file = table(tmp_path / "rows.csv", split, [*HEAD, "part"])
    said = headstart("adapt", file, "--split-column", "part", *QUICK, "--out", tmp_path / "out")
    assert refused(said, BadData.code, "no readable training rows of the class 'odd'")
    assert untouched(tmp_path / "out")


def test_class_names_that_mean_the_same(headstart, tmp_path):
    """They are learned apart, as "a" and "A" may be letters, and that is said."""
    spelled = {"kind0": ("Big Cat", "big  cat "), "kind1": ("dog", "dog")}
    mixed = [[*row[:2], spelled[row[2]][n // 2 % 2]] for n, row in enumerate(rows())]
    file = table(tmp_path / "rows.csv", mixed)
    words = [word for word in QUICK if word != "--quiet"]
    said = headstart("adapt", file, *words, "--out", tmp_path / "out")
    assert said.code == 0, said.err
    result = Result.read(tmp_path / "out" / "result.json")
    (found,) = (one for one in result.check.findings if one.kind == "similar-classes")
    assert found.severity == "warning"
    assert "'big  cat' = 'Big Cat'" in found.text
    assert "give them one name if they are the same" in found.text
    assert "&#39;big  cat&#39; = &#39;Big Cat&#39;" in (tmp_path / "out" / "report.html").read_text()


# --- numbers that are none


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_features_that_are_no_finite_numbers(headstart, weights, tmp_path, value):
    x = np.random.default_rng(0).normal(size=(24, 3, 32, 32))
    x[5, 0, 1, 2] = x[7, 2, 0, 0] = value
    np.savez(tmp_path / "x.npz", x=x, y=np.repeat([0, 1], 12))
    words = ["--backbone", tiny.BACKBONE, "--weights", weights, *QUICK]
    said = headstart("adapt", tmp_path / "x.npz", *words, "--out", tmp_path / "out")
    assert refused(
        said, BadData.code, "2 of 24 rows of x hold NaN or infinity, the first is row 5", "Fill them"
    )
    assert untouched(tmp_path / "out")


@pytest.mark.parametrize("cell", ["inf", "-inf", "1e400"])
def test_infinity_in_a_table_is_named_by_row_and_column(headstart, tmp_path, cell):
    body = [*rows()]
    body[4][0] = cell
    said = headstart("adapt", table(tmp_path / "rows.csv", body), *QUICK, "--out", tmp_path / "out")
    assert refused(said, BadData.code, "rows", "row 5, column 'size' is", "inf", "leave the cells empty")
    assert untouched(tmp_path / "out")


def test_nan_in_a_table_is_a_missing_cell(headstart, tmp_path):
    body = [*rows()]
    body[4][0], body[9][0] = "nan", ""
    said = headstart("adapt", table(tmp_path / "rows.csv", body), *QUICK, "--out", tmp_path / "out")
    assert said.code == 0, said.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no arrays", ("can't be read as arrays", "np.savez")),
        ({"samples": np.zeros((4, 2)), "y": np.arange(4)}, ("no array 'x'", "'samples', 'y'")),
        ({"x": np.zeros((4, 2))}, ("no array 'y'", "it has 'x'")),
        ({"x": np.array([{}, {}]), "y": np.arange(2)}, ("can't be read as arrays", "allow_pickle")),
    ],
)
def test_files_of_arrays_that_can_not_be_used(headstart, tmp_path, content, words):
    file = tmp_path / "x.npz"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        np.savez(file, **content)
    assert refused(headstart("adapt", file, "--out", tmp_path / "out"), BadData.code, file, *words)


# --- other columns than in training


def test_a_table_with_other_columns_than_the_training_rows_had(headstart, tmp_path):
    run = tmp_path / "run"
    assert headstart("adapt", table(tmp_path / "rows.csv", rows()), *QUICK, "--out", run).code == 0
    other = table(tmp_path / "new.csv", [["1.0", "red"]], ["sizes", "colour"])
    said = headstart("predict", run, other)
    assert refused(
        said, BadData.code, "new.csv has no column 'size' (near: 'sizes')", "unknown column 'sizes'"
    )
    more = table(tmp_path / "more.csv", [["x", "red", "1.0"]], ["extra", "colour", "size"])
    assert refused(headstart("predict", run, more), BadData.code, "more.csv has the unknown column 'extra'")
    swapped, plain = (
        table(
            tmp_path / f"{order[0]}.csv", [[{"colour": "red", "size": "1.0"}[name] for name in order]], order
        )
        for order in (["colour", "size"], ["size", "colour"])
    )
    one, other = (json.loads(headstart("predict", run, file, "--json").out) for file in (swapped, plain))
    assert one[0]["probabilities"] == other[0]["probabilities"]  # by name, in any order
    kind = table(tmp_path / "kind.csv", [["large", "red"]], ["size", "colour"])
    assert refused(
        headstart("predict", run, kind), BadData.code, "kind.csv", "row 1, column 'size' is 'large'"
    )


# --- texts


def test_a_tokenizer_without_a_pad_token(headstart, reader, texts, tmp_path):
    """What is filled up is masked, so an answer does not depend on what stands beside it."""
    out = tmp_path / "run"
    said = headstart("adapt", texts, "--backbone", f"transformers:{reader}", *QUICK, "--out", out)
    assert said.code == 0, said.err
    short, long = "a dull end", "the music was very superb and this scene is fine"
    alone = json.loads(headstart("predict", out, "--text", short, "--json").out)
    both = json.loads(headstart("predict", out, "--text", short, "--text", long, "--json").out)
    assert both[0]["probabilities"] == pytest.approx(alone[0]["probabilities"], abs=1e-6)


def test_texts_longer_than_the_model_reads_are_cut_off_counted_and_told(headstart, reader, texts, tmp_path):
    out = tmp_path / "run"
    words = [word for word in QUICK if word != "--quiet"]
    said = headstart("adapt", texts, "--backbone", f"transformers:{reader}", *words, "--out", out)
    assert said.code == 0, said.err
    result = Result.read(out / "result.json")
    (found,) = (one for one in result.check.findings if one.kind == "too-long")
    assert found.count == 3
    assert found.text.startswith("3 texts are longer than 20 tokens: what is beyond is not read (30 texts")
    tail = "very " * 30
    said = headstart("predict", out, "--text", "fine " + tail + "awful", "--text", "fine " + tail, "--json")
    one, other = json.loads(said.out)
    assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-6)
    assert "2 texts are longer than 20 tokens: what is beyond is not read" in said.err
    assert "longer" not in headstart("predict", out, "--text", "fine").err


def test_a_size_beyond_what_the_model_reads(headstart, reader, texts, tmp_path):
    said = headstart(
        "adapt", texts, "--backbone", f"transformers:{reader}", "--size", 21, "--out", tmp_path / "o"
    )
    assert said.code == 2, said
    assert "The limit is 21 tokens a text" in said.err
    assert "at most 20" in said.err
