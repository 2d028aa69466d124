"""`align` and `fit` on texts, tables, pictures, tags and numbers: the same words for all of them."""

import numpy as np
import pandas as pd
import pytest
import torch
from tests import wordy
from tests.study import tiny
from torch import nn

import headstart as hs
from headstart.run.recipe import Recipe
from headstart.solvers.ratios.classifier import classifier_ratios
from headstart.studies.align.trial import Validators

QUICK = {"seeds": 1, "epochs": 1, "evaluations": 2, "batch": 8, "lr": 1e-2}


def test_texts_of_any_length(tmp_path):
    source, target = wordy.reviews(20), wordy.reviews(15, seed=3)
    longer = [f"{text} and that {text}" for text in target[0]], target[1]
    base = hs.models.backbone(wordy.Words().eval(), tokenizer=wordy.tokenizer())
    methods = ("dann:backbone_lr=1.0", "coral")
    result = hs.align(source, longer, base, methods=methods, out=tmp_path / "run", **QUICK).result
    assert [row.seeds for row in result.table] == [1, 1, 1, 1]
    assert result.kind == "texts"
    assert result.shift is not None
    domains = hs.data.Domains(source, longer[0])
    model = hs.fit(hs.methods.DAN(last=1), base, domains, Recipe(steps=4), cache=tmp_path / "cache")
    assert len(model.predict(longer[0][:3])) == 3


def frame(n, seed, moved):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return pd.DataFrame(
        {
            "size": rng.normal(3 * y, 1),
            "weight": rng.normal(moved, 1, n),
            "site": rng.choice(["a", "b"], n),
            "label": np.array(["x", "y"])[y],
        }
    )


def test_tables_with_names_and_gaps():
    source, target = frame(60, 0, 0.0), frame(50, 1, 2.0)
    source.loc[3, "weight"] = np.nan
    result = hs.align(
        source, target, methods=("dan:backbone_lr=1.0", "importance-weighting", "coral"), **QUICK
    ).result
    assert result.kind == "tables"
    assert result.test_rows == 15
    unlabelled = target.drop(columns="label")
    assert hs.align(source, unlabelled, methods=("coral",), **QUICK).result.test_rows == 0


def test_rows_of_the_target_without_a_label_are_learned_from_and_never_judge():
    """Of 50 rows 20 have a label; three tenths of 50 judge, all others are learned from."""
    source, target = frame(60, 0, 0.0), frame(50, 1, 2.0)
    gaps = target.astype({"label": object})
    gaps.loc[20:, "label"] = None
    arrays = [part[["size", "weight"]].to_numpy(np.float32) for part in (source, target)]
    y = [part["label"].to_numpy(object) for part in (source, gaps)]
    net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2))
    for pair in ((source, gaps), ((arrays[0], y[0]), (arrays[1], y[1]), net)):
        found = hs.align(*pair, methods=("coral",), **QUICK).result
        assert (found.test_rows, found.target_rows) == (15, 35)
        assert any("30 rows have no label" in note and "count as unlabelled" in note for note in found.notes)
    gaps.loc[8:, "label"] = None  # fewer labels than would judge: all of them do
    found = hs.align(source, gaps, methods=("coral",), **QUICK).result
    assert (found.test_rows, found.target_rows) == (8, 42)


@pytest.mark.slow
def test_pictures_by_the_usual_methods(pictures, weights, tmp_path):
    base = hs.models.backbone(tiny.BACKBONE, weights=weights)
    flat = hs.data.shifted(hs.data.load(pictures), "invert")
    result = hs.align(
        backbone=base, source=pictures, target=flat, size=32, out=tmp_path / "run", **QUICK
    ).result
    assert len(result.table) == 9
    assert all(row.selected is not None for row in result.table)
    assert hs.open(tmp_path / "run").predict(sorted(pictures.rglob("*.png"))[:2])


@pytest.mark.parametrize("kind", ["tags", "numbers"])
def test_tags_and_numbers_by_methods_that_can(kind):
    rng = np.random.default_rng(0)
    x, there = rng.normal(size=(60, 5)).astype("float32"), rng.normal(0.5, 1, (40, 5)).astype("float32")
    labels = (lambda z: z[:, :2] > 0) if kind == "tags" else (lambda z: z[:, :1] * 3.5 + 0.25)
    net = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 2))
    options = {**QUICK, "select": "source"}
    target = there, labels(there)
    done = hs.align((x, labels(x)), target, net, methods=("dan:backbone_lr=1.0",), **options)
    assert done.result.label_kind == kind
    assert done.result.metric == {"tags": "average_precision", "numbers": "r2"}[kind]
    usual = hs.align((x, labels(x)), there, net, **options).result
    assert {"deep-coral", "dann"} <= {row.method.partition(":")[0] for row in usual.table}


def test_dev_takes_ratios_with_their_mean_and_is_not_iwv():
    """One column, shifted by 1; the losses of a model that is wrong where x > 0."""
    g = torch.Generator().manual_seed(0)
    held, target = torch.randn(60, 1, generator=g), torch.randn(50, 1, generator=g) + 1
    labels = np.zeros(60, np.int64)
    outputs = torch.cat([-held, held], 1)
    scores = Validators("classes", labels, held, target, 0).scores(outputs, torch.cat([-target, target], 1))
    ratios, losses = classifier_ratios(held, target, seed=0), (held[:, 0] > 0).double()
    weighted = ratios.weights * losses
    assert scores["iwv"] == pytest.approx(-float(weighted.mean()))
    raw = ratios.weights * ratios.mean
    both = torch.stack([raw * losses, raw]).cov(correction=0)
    wanted = (raw * losses).mean() - both[0, 1] / both[1, 1] * (raw.mean() - 1)
    assert scores["dev"] == pytest.approx(-float(wanted))
    assert abs(scores["dev"] - scores["iwv"]) > 1e-3
