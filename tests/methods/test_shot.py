"""SHOT: centroids and labels by hand, a head that stays, a saved model alone, and its effect."""

from dataclasses import replace

import pytest
import torch
from tests.methods.turned import CLASSES, RECIPE, Small, accuracy, batches, carried_out, judged
from tests.methods.ways import Same, bytes_of, of, same
from torch.nn.functional import normalize, one_hot

from headstart.core import BadInput, Ctx, Domains, Task, Unlabelled
from headstart.core.linear_head import LinearHead
from headstart.methods.inputs.domains.shot import SHOT
from headstart.methods.inputs.domains.source_only import SourceOnly
from headstart.nn.centroids import Centroids, nearest, unit
from headstart.run.loop import start, train
from headstart.run.watch import drain


def drawn(n, *shape, seed=0):
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(seed))


def authors(features, probabilities):
    """Pseudo-labels as the authors' code finds them, from all rows at once."""
    rows = normalize(torch.cat([features, torch.ones(len(features), 1)], 1), dim=1)
    shares = probabilities
    for _ in range(2):
        centres = (shares.T @ rows) / shares.sum(0)[:, None]
        distances = 1 - normalize(rows, dim=1) @ normalize(centres, dim=1).T
        labels = distances.argmin(1)
        shares = one_hot(labels, probabilities.shape[1]).float()
    return labels


def test_with_all_rows_in_a_batch_labels_are_those_of_the_authors():
    features, shares = drawn(60, 4), (2 * drawn(60, 3, seed=1)).softmax(1)
    centroids = Centroids(4, 3)
    centroids.follow(features, shares, 0.0)
    centroids.set_pseudo_labels(features)
    assert torch.equal(centroids.pseudo_labels, authors(features, shares))
    assert not torch.equal(centroids.pseudo_labels, shares.argmax(1))


def test_centroids_are_running_sums():
    """Two batches of one row, momentum 1/2: the first counts half; only its class moves."""
    one, other = torch.tensor([[3.0]]), torch.tensor([[0.0]])
    centroids = Centroids(1, 2)
    centroids.follow(one, torch.tensor([[1.0, 0.0]]), 0.5)
    centroids.follow(other, torch.tensor([[0.0, 1.0]]), 0.5)
    expected = torch.stack([unit(one)[0] / 2, unit(other)[0]])
    torch.testing.assert_close(centroids.soft, expected)
    torch.testing.assert_close(centroids.hard, expected)


def test_a_class_without_rows_is_never_the_nearest():
    sums = torch.tensor([[0.0, 0.0], [-1.0, 0.0]])
    assert nearest(torch.tensor([[1.0, 0.0]]), sums).tolist() == [1]  # cosine -1 against nothing


def test_the_loss_by_hand():
    """Two opposite rows, both sure by 3/4: H - ln 2 of information, and -ln 3/4 of the labels, times 0.3."""
    method = SHOT()
    parts = method.parts(Same(2), Task(2, (2,), head=LinearHead.of(torch.eye(2), torch.zeros(2))))
    batch, ctx = Unlabelled(torch.tensor([[0.75, 0.25], [0.25, 0.75]]).log()), Ctx(0, 0.0, lambda rows: rows)
    with torch.no_grad():
        method.find(parts, batch, ctx)
    assert parts["centroids"].pseudo_labels.tolist() == [0, 1]
    terms = method.loss(parts, batch, ctx).terms
    assert terms["information"].item() == pytest.approx(0.562335 - 0.693147, abs=1e-5)
    assert terms["pseudo"].item() == pytest.approx(0.3 * 0.287682, abs=1e-5)


def test_first_comes_the_source_with_the_same_settings():
    first, second = SHOT(backbone_lr=0.5, last=1, weight_decay=0.1).stages()
    assert first == SourceOnly(backbone_lr=0.5, last=1, weight_decay=0.1, norm="train", smoothing=0.1)
    assert (first.about.needs, second.about.needs) == (Domains, Unlabelled)


def test_a_saved_model_alone_is_enough_and_its_head_stays():
    source = SourceOnly(backbone_lr=1.0)
    run = carried_out(source)
    model = source.predictor(run.parts)
    before = judged(model)
    method = SHOT(backbone_lr=1.0)
    adapted = start(method, model.backbone, Task(CLASSES, (2,), head=model.head), RECIPE)
    kept = of(adapted, "head")
    drain(train(adapted, batches(Unlabelled)))
    assert before < 0.85
    assert judged(method.predictor(adapted.parts)) > 0.95
    assert same(of(adapted, "head"), kept)


def test_without_weight_the_sources_model_stays_to_the_bit():
    short = {"steps": 8}
    one = carried_out(SHOT(weight=0.0), body=Small(norm=True), **short)
    other = carried_out(SHOT().stages()[0], body=Small(norm=True), **short)
    assert same(bytes_of(one), bytes_of(other))
    assert not same(
        bytes_of(one), of(carried_out(SHOT(), body=Small(norm=True), **short), "backbone", "head")
    )


def test_it_helps_where_the_target_is_turned():
    method = SHOT(backbone_lr=1.0)
    assert accuracy(method.stages()[0]) < 0.85
    assert accuracy(method) > 0.95


def test_the_labels_of_centroids_make_a_difference():
    short = {"steps": 8}
    with_them, without = (carried_out(SHOT(pseudo=pseudo), **short) for pseudo in (0.3, 0.0))
    assert not same(of(with_them, "backbone"), of(without, "backbone"))
    assert not any(without.parts["centroids"].soft.flatten())


def test_what_can_not_be_is_refused():
    with pytest.raises(BadInput, match="shot: momentum is 1; it must be in"):
        SHOT(momentum=1)
    with pytest.raises(BadInput, match="shot: pseudo is -1; it must be >= 0"):
        replace(SHOT(), pseudo=-1)
