"""Backbones for texts and for tables are ranked as those for pictures are."""

import numpy as np
import pytest
import torch
from tests import wordy
from tests.study.test_tables import rows, write

import headstart as hs
from headstart.core import BadData, BadInput, Unknown
from headstart.models import backbone
from headstart.models.encoders import save_encoder
from headstart.studies.rank.candidates import candidates

TEXTS, LABELS = wordy.reviews(30)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return write(tmp_path_factory.mktemp("tables") / "rows.csv", rows(150))


def reader(seed):
    """A backbone of thirty words whose embedding has the seed's values."""
    made = wordy.Words()
    if seed:
        with torch.no_grad():
            made.table.weight.copy_(made.table.weight[torch.randperm(len(wordy.WORDS), generator=gen(seed))])
            made.table.weight.mul_(0).add_(1e-3 * torch.randn(made.table.weight.shape, generator=gen(seed)))
    return backbone(made.eval(), tokenizer=wordy.tokenizer())


def gen(seed):
    return torch.Generator().manual_seed(seed)


def test_backbones_of_texts_are_compared_by_their_own_features():
    found = hs.rank(
        {"one": reader(0), "two": reader(3)},
        (TEXTS, LABELS),
        scores=("knn", "logme"),
        tune="ridge-probe",
        size=16,
    )
    assert {one.backbone for one in found.table} == {"one", "two"}
    assert (found.classes, found.rows + found.held_out) == (2, 48)
    assert all(0 <= one.scores["knn"] <= 1 and one.width == 32 for one in found.table)
    assert all(one.accuracy is not None for one in found.table)
    alone = hs.rank({"one": reader(0)}, (TEXTS, LABELS), scores=("knn",), size=16)
    assert "one is alone" in alone.notes[-1]


def test_a_bare_name_may_be_one_of_transformers_for_texts_and_for_nothing_else():
    texts, pictures = hs.data.load((TEXTS, LABELS)), hs.data.load("digits", per_class=2)
    assert [one.name for one in candidates(["prajjwal1/bert-tiny"], texts)] == ["prajjwal1/bert-tiny"]
    with pytest.raises(Unknown, match="bert-tiny"):
        candidates(["prajjwal1/bert-tiny"], pictures)
    with pytest.raises(Unknown, match="table"):
        candidates(["table"], pictures)


def test_a_table_is_ranked_against_random_weights_and_what_was_fitted_on_its_columns(file, tmp_path):
    fitted = hs.fit(hs.methods.FineTune(backbone_lr=1.0), "table", file, hs.Recipe(steps=40, lr=1e-2)).model
    saved = tmp_path / "fitted.safetensors"
    save_encoder(fitted, saved)
    given = {"columns": "table", "random": ("table", "random"), "fitted": fitted, "file": str(saved)}
    found = hs.rank(given, file, scores=("logme", "knn", "nce"))
    by_name = {one.backbone: one for one in found.table}
    assert {name: one.weights for name, one in by_name.items()} == {
        "columns": "columns",
        "random": "random",
        "fitted": "own",
        "file": "own",
    }
    assert by_name["fitted"].scores["logme"] == by_name["file"].scores["logme"]
    assert by_name["fitted"].scores["logme"] > by_name["columns"].scores["logme"]
    assert by_name["random"].scores["logme"] != by_name["columns"].scores["logme"]
    assert by_name["fitted"].scores["nce"] is not None
    assert (
        "Without negative conditional entropy for columns: the columns of a table come without a head."
        in found.notes
    )


def test_a_table_alone_is_told_what_to_compare_it_with(file):
    found = hs.rank(["table"], file, scores=("knn",))
    assert "the backbone of a table is made of its columns" in found.notes[-1]
    assert found.table[0].weights == "columns"


def test_the_backbone_of_a_table_is_made_by_thetraining_part_alone(tmp_path):
    """Test rows a thousand times as large change no score."""
    body = [[*row, "test" if n % 5 == 0 else "train"] for n, row in enumerate(rows(150))]
    head = ["size", "colour", "noise", "flat", "label", "part"]
    scores = []
    for factor in (1, 1000):
        for row in body:
            row[2] = str(float(row[2]) * factor) if row[5] == "test" else row[2]
        data = hs.data.load(write(tmp_path / "rows.csv", body, head), split_column="part")
        scores.append(hs.rank(["table"], data, scores=("logme", "knn")).table[0].scores)
    assert scores[0] == scores[1]


def test_what_no_table_takes_is_said(file, tmp_path):
    other = write(tmp_path / "other.csv", [[n % 7, f"kind{n % 3}"] for n in range(40)], ["age", "label"])
    fitted = hs.fit(hs.methods.RidgeProbe(), "table", other).model
    with pytest.raises(BadData, match="age"):
        hs.rank({"fitted": fitted}, file)
    with pytest.raises(BadData, match="is a table"):
        hs.rank(["efficientnet_lite0"], file)
    with pytest.raises(BadInput, match="weights"):
        hs.rank([("table", str(other))], file)


def test_tags_and_numbers_are_ranked_by_their_evidence():
    x = np.random.default_rng(0).normal(size=(80, 4)).astype(np.float32)
    like = torch.from_numpy(x[:2])
    made = {"sees": backbone(Kept(1.0), example=like), "blind": backbone(Kept(0.0), example=like)}
    for y, metric in ((x[:, :2] > 0, "average_precision"), (np.stack([x[:, 0] * 9 + 4, x[:, 1]], 1), "r2")):
        found = hs.rank(made, (x, y), tune="ridge-probe")
        assert (found.best, found.scores, found.metric) == ("sees", ["logme"], metric)
        best, worst = (one.accuracy.value for one in found.table)
        assert best > 0.9 > worst
        with pytest.raises(BadInput, match="Take the score logme"):
            hs.rank(made, (x, y), scores=["knn"])


class Kept(torch.nn.Module):
    """The last column, and of the others a share."""

    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, x):
        return x * torch.tensor([self.share, self.share, self.share, 1.0])
