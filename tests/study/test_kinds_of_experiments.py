"""Curves, transplants and searches on texts and tables, as on pictures."""

import numpy as np
import pytest
import torch
from tests import wordy
from tests.study.test_tables import HEAD, rows, write

import headstart as hs
from headstart.core import BadData
from headstart.models import backbone
from headstart.models.encoders import save_encoder

TEXTS, LABELS = wordy.reviews(30)


def four(count=160):
    """Rows of a table in four classes."""
    for n, row in enumerate(rows(count)):
        yield [*row[:4], f"kind{n % 4}"]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return write(tmp_path_factory.mktemp("tables") / "rows.csv", four())


@pytest.fixture(scope="module")
def reader():
    return backbone(wordy.Words().eval(), tokenizer=wordy.tokenizer())


def test_a_curve_of_texts_and_of_a_table(reader, file):
    how = {"labels_per_class": (2, 5), "seeds": 2, "epochs": 1, "steps": 4}
    for base, data in ((reader, (TEXTS, LABELS)), ("table", file)):
        found = hs.curve(base, data, methods=("ridge-probe", "fine-tune"), **how)
        assert [len(point.score) for point in found.points] == [2, 2, 2, 2]
        assert found.labels_per_class == [2, 5]


def test_a_search_of_texts(reader, tmp_path):
    pytest.importorskip("optuna")
    how = {"methods": ("ridge-probe", "fine-tune"), "trials": 3, "folds": 2, "epochs": 1, "size": 16}
    found = hs.search(reader, (TEXTS, LABELS), out=tmp_path / "s", **how)
    assert [trial.state for trial in found.trials] == ["complete"] * 3
    assert found.next == ""
    assert found.trials[0].settings == {}


def test_a_network_for_tables_is_cut_at_its_block(file):
    found = hs.yosinski("table", file, seeds=1, epochs=2)
    assert found.blocks == ["block"]
    assert {(cut.series, cut.cut) for cut in found.cuts} == {(s, 1) for s in ("BnB", "BnB+", "AnB", "AnB+")}
    assert not set(found.base_a.classes) & set(found.base_b.classes)
    with pytest.raises(BadData, match="4 or more"):
        hs.yosinski("table", write(file.parent / "three.csv", rows(60)), seeds=1, epochs=1)


def test_a_network_for_texts_is_cut_between_two_tasks(reader):
    kinds = np.array([f"{label} {len(text) % 2}" for text, label in zip(TEXTS, LABELS, strict=True)])
    found = hs.yosinski(reader, (TEXTS, kinds), seeds=1, epochs=1)
    assert len(found.cuts) == 4 * len(found.blocks) > 0
    other = hs.yosinski(reader, (TEXTS, kinds), (TEXTS, LABELS), seeds=1, epochs=1)
    assert other.base_b.classes == ["bad", "good"]
    with pytest.raises(BadData, match="One network can't take both tasks"):
        hs.yosinski(reader, (np.zeros((30, 4), np.float32), kinds[:30]), (TEXTS, LABELS), seeds=1)


def test_rows_that_judge_do_not_shape_the_encoder_of_a_transplant(tmp_path, monkeypatch):
    """Test rows a thousand times as large change no score of what is learned before."""
    import headstart.studies.yosinski.run as module

    seen = []
    real = module.Session
    monkeypatch.setattr(
        module,
        "Session",
        lambda network, *args, **more: (seen.append(network), real(network, *args, **more))[1],
    )
    head = [*HEAD[:4], "label", "part"]
    for factor in (1, 1000):
        body = [[*row, "train" if n % 8 < 6 else "test"] for n, row in enumerate(four())]
        for row in body:
            row[2] = str(float(row[2]) * factor) if row[5] == "test" else row[2]
        data = hs.data.load(write(tmp_path / "rows.csv", body, head), split_column="part")
        hs.yosinski("table", data, seeds=1, epochs=1)
    assert len({str(network.schema) for network in seen}) == 1


def test_a_fitted_encoder_of_a_table_is_base_a(file, tmp_path):
    fitted = hs.fit(hs.methods.FineTune(backbone_lr=1.0), "table", file, hs.Recipe(steps=10)).model
    saved = tmp_path / "fitted.safetensors"
    save_encoder(fitted, saved)
    made = backbone(str(saved))
    found = hs.yosinski(made, file, base_a=made, seeds=1, epochs=1)
    assert found.base_a is None
    assert {cut.series for cut in found.cuts} == {"BnB", "BnB+", "AnB", "AnB+"}
    other = write(tmp_path / "other.csv", [[n % 7, f"kind{n % 4}"] for n in range(60)], ["age", "label"])
    with pytest.raises(BadData, match="age"):
        hs.yosinski(made, other, base_a=made, seeds=1, epochs=1)
    assert torch.equal(made(made.example), backbone(str(saved))(made.example))
