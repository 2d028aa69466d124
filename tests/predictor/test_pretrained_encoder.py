"""`hs.fit` of a method of pre-training: with labels, without, with more rows beside."""

import numpy as np
import pytest
import torch
from tests.study.test_pretrain import net, world

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.session import input_pipeline, session

SIMCLR = hs.methods.SimCLR(steps=2, batch=16, hidden=8, out=4)


def test_rows_without_labels_give_an_encoder():
    x, _ = world()
    found = hs.fit(SIMCLR, net(), x)
    assert found.classes == ()
    assert not torch.equal(found.encoder.inner[0].weight, net().inner[0].weight)
    assert any("No labels" in note for note in found.notes)
    for answer in (found.predict, found.predict_table, found.explain):
        with pytest.raises(BadInput, match="no classes to predict"):
            answer(x[:2])


def test_the_encoder_is_a_backbone_and_so_is_its_folder(tmp_path):
    x, y = world()
    found = hs.fit(SIMCLR, "table", {f"c{column}": x[:, column] for column in range(6)})
    found.save(tmp_path / "enc")
    opened = hs.models.backbone(tmp_path / "enc")
    for name, value in found.encoder.state_dict().items():
        assert torch.equal(value, opened.state_dict()[name])
    with pytest.raises(BadInput, match="pre-trained encoder, which predicts nothing yet"):
        hs.open(tmp_path / "enc")
    table = {f"c{column}": x[:, column] for column in range(6)}
    assert hs.fit("logistic-probe", found, (table, y)).classes == ("0", "1", "2")


def test_then_nothing_ends_with_the_encoder_of_labelled_rows():
    found = hs.fit("simclr:then=nothing,steps=2,batch=16", net(), world())
    assert found.classes == ()


def test_a_probe_comes_after_the_pretraining_on_all_rows(monkeypatch):
    """The pre-training draws from the labelled rows and those beside, the probe from the labelled alone."""
    drawn, real = [], input_pipeline.seeded

    def spy(source, rows, batch, seed):
        drawn.append(len(rows))
        return real(source, rows, batch, seed)

    monkeypatch.setattr(input_pipeline, "seeded", spy)
    x, y = world()
    found = hs.fit(SIMCLR, net(), (x[:30], y[:30]), unlabelled=x[30:])
    assert drawn == [90]
    assert found.classes == ("0", "1", "2")
    alone = hs.fit(SIMCLR, net(), (x[:30], y[:30]))
    assert drawn == [90, 30]
    assert not torch.equal(found.encoder.inner[0].weight, alone.encoder.inner[0].weight)
    right = [one.label for one in found.predict(x)] == np.array(found.classes)[y]
    assert right.mean() > 1 / 3


def test_unlabelled_rows_are_refused_where_they_are_not_learned_from():
    x, y = world()
    with pytest.raises(BadInput, match=r"logistic-probe does not learn from unlabelled rows.*simclr"):
        hs.fit("logistic-probe", net(), (x, y), unlabelled=x)


COMPARING = (
    *("barlow-twins", "byol", "dino", "moco", "same-or-not", "scarf", "simclr", "simsiam"),
    *("supervised-contrastive", "vicreg"),
)


@pytest.mark.parametrize("name", COMPARING)
def test_a_batch_of_one_row_is_refused_before_anything_is_read(name, monkeypatch):
    monkeypatch.setattr(session, "batch_stream", None)
    with pytest.raises(BadInput, match=f"{name} compares the rows of a batch, and a batch has 1"):
        hs.fit(f"{name}:then=nothing", net(), world(), hs.Recipe(batch=1, steps=1))


def test_a_queue_smaller_than_a_batch_is_refused_before_anything_is_read(monkeypatch):
    """The batch has no more rows than there are, those beside the labelled ones among them."""
    monkeypatch.setattr(session, "batch_stream", None)
    x, y = world()
    with pytest.raises(BadInput, match="queue is 40, smaller than a batch of 90 rows"):
        hs.fit("moco:queue=40,steps=1,batch=128", net(), (x[:30], y[:30]), unlabelled=x[30:])


@pytest.mark.parametrize("method", ["fine-tune", "supervised-contrastive:then=nothing,hidden=8,out=4"])
def test_rows_without_labels_are_refused_by_what_learns_from_labels(method):
    """They have one placeholder of a class, of which all rows would be."""
    rows = hs.data.load_unlabelled(world()[0])
    with pytest.raises(BadData, match=r"learns from labels.* have none.*simclr"):
        hs.fit(method, net(), rows)


def test_weights_that_nothing_reads_are_refused():
    x, y = world()
    weights = np.linspace(0.1, 1, len(x))
    for method, data in ((SIMCLR, x), ("simclr:then=nothing,steps=2,batch=16", (x, y))):
        with pytest.raises(BadInput, match=r"weights.*weighs none: it ends with the encoder"):
            hs.fit(method, net(), data, weights=weights)
    plain, weighed = (hs.fit(SIMCLR, net(), (x, y), weights=one) for one in (None, weights))
    assert torch.equal(plain.encoder.inner[0].weight, weighed.encoder.inner[0].weight)
    assert not torch.equal(plain.model.head.weight, weighed.model.head.weight)
