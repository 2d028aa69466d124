"""`headstart pretrain-pairs` and `headstart retrieve`, and what they refuse."""

import json

import pytest
from PIL import Image
from tests.cli.telling import refused
from tests.study.paired import SIDE, halves, pairs


@pytest.fixture
def table(tmp_path):
    pictures, captions = pairs(20)
    lines = ["file,said"]
    for number, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{caption}")
    (tmp_path / "pairs.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return tmp_path / "pairs.csv"


def test_train_and_find(headstart, table, tmp_path):
    out = tmp_path / "runs" / "clip"
    how = [
        "--image-backbone",
        "small-convnet",
        "--text-backbone",
        "words",
        "--size",
        str(SIDE),
        "--crop",
        "1",
    ]
    how += [
        "--text-column",
        "said",
        "--epochs",
        "4",
        "--batch",
        "8",
        "--method",
        "clip:loss_function=sigmoid",
    ]
    said = headstart("pretrain-pairs", table, *how, "--out", out)
    assert said.code == 0, said.err
    assert "find their picture among the first" in said.out
    assert "headstart retrieve" in said.out
    record = json.loads((out / "pretrain-pairs.json").read_text("utf-8"))
    assert (record["pairs"], record["settings"]["epochs"], record["chance_loss"]) == (20, 4, None)
    unknown = headstart("retrieve", out, "zebra", table, "--text-column", "said")
    assert "'zebra' has an embedding of zeros: words knows none of it" in " ".join(
        unknown.err.split() + unknown.out.split()
    )
    (tmp_path / "photos").mkdir()
    for colour in ("red", "blue"):
        Image.fromarray(halves(colour, "white")).save(tmp_path / "photos" / f"{colour}.png")
    found = headstart("retrieve", out, "redtop", tmp_path / "photos", "--json", "--out", tmp_path / "found")
    assert found.code == 0, found.err
    assert {hit["item"] for hit in json.loads(found.out)["hits"]} == {"red.png", "blue.png"}
    back = headstart(
        "retrieve", out, tmp_path / "photos" / "red.png", table, "--text-column", "said", "--quiet"
    )
    assert back.code == 0, back.err
    assert "is most like" in " ".join(back.out.split())
    probe = headstart("adapt", tmp_path / "nothing", "--backbone", out)
    assert probe.code != 0
    assert "Traceback" not in probe.err


def test_what_is_refused(headstart, table, tmp_path):
    assert refused(headstart("pretrain-pairs", table), 3, "none of the columns", "--text-column NAME")
    assert refused(headstart("pretrain-pairs", tmp_path / "no.csv"), 2, "no file or folder")
    named = ["--text-column", "said"]
    assert refused(headstart("pretrain-pairs", table, *named, "--method", "simclr"), 2, "no pairs", "clip")
    assert refused(headstart("pretrain-pairs", table, *named, "--batch", "1"), 2, "--batch is 1")
    said = headstart("pretrain-pairs", table, *named, "--image-backbone", "minilm")
    assert refused(said, 3, "minilm takes texts")
    assert refused(headstart("pretrain", "clipart", "--method", "clip"), 2, "headstart pretrain-pairs")
    said = headstart("retrieve", "minilm", "red", tmp_path)
    assert refused(said, 2, "no encoders of pictures and texts", "pretrain-pairs, such as runs/clip")
    assert refused(headstart("adapt", "clipart", "--method", "clip", "--budget", "5s"), 2, "pretrain-pairs")
