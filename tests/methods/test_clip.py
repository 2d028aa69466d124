import math
from dataclasses import replace

import pytest
import torch
from tests.contract.runs import finish
from tests.toy import TASK, Toy, make, suited

from headstart.core import BadInput, Pairs, find
from headstart.nn.logit_scale import LogitScale
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

Clip = find("clip")
PLAIN = Recipe(steps=3, batch=8, lr=0.05, optimiser="sgd", schedule="constant", warmup=0, clip=None)


def begun(method, recipe=PLAIN, norm=False):
    recipe = replace(recipe, **method.recipe_overrides())
    return start(method, suited(method, Toy(norm=norm)), TASK, recipe)


def slopes_of_the_temperature(run):
    """A list that each step adds its gradient to."""
    found, scale = [], run.parts["logits"].log_scale
    run.optimisers["main"].register_step_pre_hook(lambda *_: found.append(scale.grad.item()))
    return found


@pytest.mark.parametrize("loss_function", ["softmax", "sigmoid"])
def test_the_temperature_has_the_gradient_of_the_whole_batch_in_parts(loss_function):
    """Elsewhere it is as many times too large as there are parts: the scale is used in each of them."""
    whole, parts = (begun(Clip(loss_function=loss_function, chunks=chunks)) for chunks in (1, 4))
    assert parts.accumulate == 4
    before = whole.parts["logits"].log_scale.item()
    slopes = [slopes_of_the_temperature(run) for run in (whole, parts)]
    finish(whole)
    finish(parts)
    assert len(slopes[0]) == 3
    assert slopes[1] == pytest.approx(slopes[0], rel=1e-6)
    found, same = parts.parts.state_dict(), whole.parts.state_dict()
    assert same["logits.log_scale"].item() != before
    assert found["logits.log_scale"].item() == pytest.approx(same["logits.log_scale"].item(), rel=1e-6)
    for name, value in same.items():
        torch.testing.assert_close(found[name], value, rtol=1e-5, atol=1e-6, msg=name)


def test_the_loss_of_one_step_by_hand():
    """Embeddings that are all the same have the loss of chance, whatever the temperature."""
    run = begun(Clip(), replace(PLAIN, steps=1))
    x = torch.ones(6, 8)
    (tick,) = train(run, lambda _step: iter([Pairs(x, x)]))
    assert tick.terms["main/contrast"].item() == pytest.approx(math.log(6), abs=1e-5)
    assert Clip().chance_level(6) == pytest.approx(math.log(6))
    assert Clip(loss_function="sigmoid").chance_level(6) is None


def test_the_scale_is_capped_after_a_step_and_has_no_weight_decay():
    run = begun(Clip(temperature=0.0101), replace(PLAIN, lr=1e-6, weight_decay=0.5))
    decay = {
        id(p): group["weight_decay"] for group in run.optimisers["main"].param_groups for p in group["params"]
    }
    assert decay[id(run.parts["logits"].log_scale)] == 0
    assert decay[id(run.parts["text_projection"].weight)] == 0.5
    with torch.no_grad():
        run.parts["logits"].log_scale.fill_(math.log(120.0))
    batch = make(Pairs, 8, 0)
    drain(train(run, lambda _step: iter([batch])))
    assert run.parts["logits"]()[0].item() <= 100 * (1 + 1e-6)


def test_it_begins_as_the_papers_say():
    scale, bias = begun(Clip()).parts["logits"]()
    assert (scale.item(), bias.item()) == (pytest.approx(1 / 0.07), 0)
    assert begun(Clip()).parts["logits"].bias is None
    scale, bias = begun(Clip(loss_function="sigmoid")).parts["logits"]()
    assert (scale.item(), bias.item()) == (pytest.approx(10), -10)
    assert LogitScale(10)()[0].item() == pytest.approx(10)


@pytest.mark.parametrize("lock", ["image", "text"])
def test_a_locked_encoder_keeps_every_byte_and_its_projection_learns(lock):
    run = begun(Clip(lock=lock), norm=True)
    before = {name: value.clone() for name, value in run.parts.state_dict().items()}
    after = finish(run).parts.state_dict()
    moved = {name.partition(".")[0] for name, value in after.items() if not torch.equal(value, before[name])}
    other = "text" if lock == "image" else "image"
    assert moved == {other, "image_projection", "text_projection", "logits"}
    assert Clip(lock=lock).locked_side() == lock


def test_the_encoders_learn_at_a_rate_of_their_own():
    one, other = (finish(begun(Clip(backbone_lr=rate), replace(PLAIN, steps=1))) for rate in (1.0, 0.5))
    start_ = begun(Clip()).parts.state_dict()
    name = "image.body.0.weight"
    whole, half = (run.parts.state_dict()[name] - start_[name] for run in (one, other))
    torch.testing.assert_close(half, whole / 2, rtol=1e-4, atol=1e-7)


def test_what_is_refused():
    with pytest.raises(BadInput, match=r"an encoder of each.*headstart pretrain-pairs"):
        start(Clip(), Toy(), TASK, PLAIN)
    for setting, value in [
        ("lock", "both"),
        ("loss_function", "mse"),
        ("temperature", 0.001),
        ("width", 0),
        ("chunks", 0),
        ("backbone_lr", 0.0),
    ]:
        with pytest.raises(BadInput, match=f"{setting} is"):
            Clip(**{setting: value})
