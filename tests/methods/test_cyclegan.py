"""Two translators and two critics: losses where they belong, the pool, the way there and back."""

import math
from dataclasses import replace

import pytest
import torch
from tests.toy import TASK, Toy, make, stream

from headstart.core import BadInput, Ctx, Descend, Domains, Labelled, Task, derive_seed
from headstart.methods.inputs.translation.cyclegan import CycleGAN
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

CTX = Ctx(0, 0.0, lambda rows: rows)
BATCH = Domains(
    Labelled(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([0, 1])), torch.tensor([[5.0, 8.0]])
)


class Plus(torch.nn.Module):
    """Stands for a translator: adds a number."""

    def __init__(self, by):
        super().__init__()
        self.by = torch.nn.Parameter(torch.tensor(float(by)))

    def forward(self, x):
        return x + self.by


class First(torch.nn.Module):
    """Stands for a critic: the first column, times a weight."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.weight * x[:, :1]


def by_hand(method, there=1.0, back=-2.0):
    parts = method.parts(Toy(norm=False), Task(3, (2,)))
    parts["to_target"], parts["to_source"] = Plus(there), Plus(back)
    parts["critics"]["source"], parts["critics"]["target"] = First(), First()
    return parts


def fitted(method, steps=6, **recipe):
    how = Recipe(**({"steps": steps, "lr": 1e-2, "seed": 3, "schedule": "constant"} | recipe))
    run = start(method, Toy(norm=False), TASK, how)
    return run, list(train(run, stream(Domains, n=32)))


def test_the_translators_loss_by_hand():
    """There is +1 and back -3: all that goes round comes back 2 less, so each cycle loss is 2.

    Made targets begin with 2 and 4: ((2-1)^2 + (4-1)^2) / 2 = 5; the made source with 2: (2-1)^2 = 1.
    A target that is translated into a target moves by 1, a source into a source by 3.
    """
    parts = by_hand(CycleGAN(), back=-3.0)
    terms = CycleGAN(cycle=10.0, identity=0.5).loss(parts, BATCH, CTX).terms
    found = {name: value.item() for name, value in terms.items()}
    assert found == pytest.approx({"fool_target": 5.0, "fool_source": 1.0, "cycle": 40.0, "identity": 20.0})
    assert "identity" not in CycleGAN().loss(parts, BATCH, CTX).terms


def test_with_the_log_loss_scores_are_logits():
    """Made targets begin with 2 and 4, the made source with 3, real sources with 1 and 3."""
    method = CycleGAN(adversary="log")
    parts = by_hand(method)
    method.update_pools(parts, BATCH, CTX)
    no = [math.log1p(math.exp(-score)) for score in (1, 2, 3, 4)]  # -log of P(real) of a score
    fooled = method.loss(parts, BATCH, CTX).terms
    found = (fooled["fool_target"].item(), fooled["fool_source"].item())
    assert found == pytest.approx(((no[1] + no[3]) / 2, no[2]))
    critic = method.critics(parts, BATCH, CTX).terms["source"].item()
    assert critic == pytest.approx(0.5 * ((no[0] + no[2]) / 2 + no[2] + 3))


def test_each_critic_judges_its_own_domain():
    """The source's critic is dumb: it says 0, which is 1 away from real."""
    method = CycleGAN()
    parts = by_hand(method)
    with torch.no_grad():
        parts["critics"]["source"].weight.zero_()
    terms = method.loss(parts, BATCH, CTX).terms
    assert (terms["fool_target"].item(), terms["fool_source"].item()) == pytest.approx((5.0, 1.0))
    method.update_pools(parts, BATCH, CTX)
    assert method.critics(parts, BATCH, CTX).terms["source"].item() == pytest.approx(0.5)


def test_the_critics_loss_by_hand():
    """Real sources 1 and 3: (0 + 4) / 2 = 2; the made source 3: 9; half their sum 5.5. Targets: 16 and 10."""
    method = CycleGAN()
    parts = by_hand(method)
    method.update_pools(parts, BATCH, CTX)
    terms = method.critics(parts, BATCH, CTX).terms
    assert {name: value.item() for name, value in terms.items()} == pytest.approx(
        {"source": 5.5, "target": 13.0}
    )


def test_each_descent_reaches_its_own_half():
    method = CycleGAN()
    run = start(method, Toy(norm=False), TASK, Recipe(steps=2))
    descents = [move for move in run.moves if isinstance(move, Descend)]
    assert [(move.name, {on.part for on in move.on}) for move in descents] == [
        ("translators", {"to_target", "to_source"}),
        ("critics", {"critics"}),
    ]
    assert len(run.optimisers) == 2


def test_critics_are_shown_what_the_translators_made_before_they_learned():
    method = CycleGAN()
    run = start(method, Toy(norm=False), TASK, Recipe(steps=2, lr=1e-1, warmup=0.0))
    ticks = train(run, stream(Domains))
    next(ticks)
    batch = make(Domains, 8, derive_seed(0, 0))
    after = method.made(run.parts, batch)[2]
    assert not torch.allclose(run.parts["pools"]["target"].latest, after)


def test_it_starts_as_the_identity_if_asked_to():
    method = CycleGAN(start="identity")
    run = start(method, Toy(norm=False), TASK, Recipe())
    x = torch.randn(5, 8, generator=torch.Generator().manual_seed(1))
    for name in ("to_target", "to_source"):
        assert torch.equal(run.parts[name](x), x)
    drain(train(run, stream(Domains)))
    assert not torch.equal(run.parts["to_source"](x), x)


def test_the_cycle_error_falls():
    _, ticks = fitted(CycleGAN(), steps=60)
    cycle = [tick.terms["translators/cycle"].item() for tick in ticks]
    assert sum(cycle[-10:]) < 0.5 * sum(cycle[:10])


def test_units_are_those_of_the_first_batch_alone():
    run, _ = fitted(CycleGAN(), steps=3)
    first = next(stream(Domains, n=32)(0))
    both = torch.cat([first.source.x, first.target])
    torch.testing.assert_close(run.parts["units"].centre, both.mean(0))
    torch.testing.assert_close(run.parts["units"].scale, both.std(0, correction=0))


def test_the_predictor_is_the_model_behind_the_translator():
    method = CycleGAN()
    run, _ = fitted(method)
    parts = run.parts.eval()
    x = torch.randn(4, 8, generator=torch.Generator().manual_seed(1))
    units = parts["units"]
    seen = parts["to_source"]((x - units.centre) / units.scale) * units.scale + units.centre
    torch.testing.assert_close(method.predictor(parts)(x), parts["head"](parts["backbone"](seen)))


@pytest.mark.slow
def test_targets_come_to_lie_where_the_source_is():
    """The target is the source moved by 0.5; translators find that."""
    run, _ = fitted(CycleGAN(), steps=400, lr=5e-3, schedule="cosine")
    batch = make(Domains, 512, 77)
    made = CycleGAN().translation(run.parts.eval(), "to_source")(batch.target)
    gap = (batch.target.mean(0) - batch.source.x.mean(0)).norm()
    assert (made.mean(0) - batch.source.x.mean(0)).norm() < 0.6 * gap


def test_the_source_is_learned_first():
    assert CycleGAN().stages() == (FineTune(), CycleGAN())
    assert CycleGAN(first="").stages() == (CycleGAN(first=""),)
    assert len(CycleGAN(first="lp-ft").stages()) == 3


def test_what_cannot_be_is_refused():
    for wrong in (
        {"cycle": -1.0},
        {"pool": -1},
        {"start": "zero"},
        {"width": 0},
        {"critic_lr": 0.0},
        {"adversary": "hinge"},
    ):
        with pytest.raises(BadInput, match=f"cyclegan: {next(iter(wrong))}"):
            CycleGAN(**wrong)
    run = start(CycleGAN(), Toy(norm=False), TASK, Recipe(steps=1))
    odd = Domains(make(Labelled, 4, 0), torch.zeros(3, 7))
    with pytest.raises(BadInput, match=r"\(8,\) and \(7,\)"):
        drain(train(run, lambda _: iter([odd])))
    texts = Domains(
        Labelled(torch.zeros(2, 8, dtype=torch.int64), torch.zeros(2, dtype=torch.int64)), torch.zeros(2, 8)
    )
    with pytest.raises(BadInput, match="can't be edited or translated"):
        drain(train(run, lambda _: iter([texts])))


def test_a_backbone_of_texts_is_refused():
    backbone = Toy(norm=False)
    backbone.tokens = object()
    with pytest.raises(BadInput, match="Texts"):
        CycleGAN().parts(backbone, TASK)


def test_one_target_row_and_no_pool():
    run = start(CycleGAN(pool=0), Toy(norm=False), replace(TASK), Recipe(steps=2))
    batches = [Domains(make(Labelled, 8, step), torch.randn(1, 8)) for step in range(2)]
    drain(train(run, lambda step: iter(batches[step:])))
    assert run.step == 2


def test_rows_of_the_source_count_by_their_weights():
    """Sources 1 and 3 with weights 2 and 0: the made target 2 alone counts, (2-1)^2."""
    method, weight = CycleGAN(), torch.tensor([2.0, 0.0])
    parts = by_hand(method)
    weighted = replace(BATCH, source=replace(BATCH.source, weight=weight))
    assert method.loss(parts, weighted, CTX).terms["fool_target"].item() == pytest.approx(1.0)
    method.update_pools(parts, weighted, CTX)
    assert method.critics(parts, weighted, CTX).terms["source"].item() == pytest.approx(0.5 * (0 + 9))


def test_with_a_kernel_of_one_each_pixel_is_translated_by_itself():
    from headstart.nn.translators import PictureTranslator

    with torch.random.fork_rng():
        one, three = (PictureTranslator(3, 4, 1, "tanh", kernel) for kernel in (1, 3))
    x = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[..., 2, 3] += 1
    changed = [(net(x) != net(other)).any(1)[0] for net in (one, three)]
    assert changed[0].nonzero().tolist() == [[2, 3]]
    assert changed[1].sum() > 9
