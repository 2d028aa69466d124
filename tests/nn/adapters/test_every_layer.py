"""What every kind of adapter promises, on every kind of layer."""

import copy
import io
from dataclasses import replace

import pytest
import torch
from tests.nn.adapters.nets import disturb, net
from tests.rounding import rounding

from headstart.core import BadInput
from headstart.nn.adapters import IA3, Bottlenecks, ConvAdapters, LoRA, adapted_layers, fold

LORA = {
    "lora": LoRA(rank=2),
    "lora in weights": LoRA(rank=2, space="weight"),
    "dora": LoRA(rank=2, magnitude=True),
}
KINDS = LORA | {
    "bottlenecks": Bottlenecks(size=4),
    "series": ConvAdapters(),
    "parallel": ConvAdapters(how="parallel"),
    "ia3": IA3(),
}
ANY = (
    *("linear", "convolutions", "sequences", "volumes", "transposed"),
    *("attention", "recurrent", "lstm", "encoder", "functional", "embedding"),
)
FILTERS = ("linear", "convolutions", "sequences", "volumes", "encoder")
SUITED = [
    *((kind, name) for kind in LORA for name in ANY),
    *(("bottlenecks", name) for name in ("linear", "attention", "encoder")),
    *((kind, name) for kind in ("series", "parallel") for name in FILTERS),
    *(("ia3", name) for name in ("linear", "encoder")),
]
suited = pytest.mark.parametrize(("kind", "name"), SUITED, ids=lambda value: value.replace(" ", "-"))
MODES = {"gradients": torch.enable_grad, "none": torch.no_grad, "inference": torch.inference_mode}


def inserted(kind, name):
    module, x = net(name)
    torch.manual_seed(1)
    chosen = replace(KINDS[kind], at="words" if name == "embedding" else "")
    return module, x, chosen.insert(module, lambda: module(x))


def close(found, wanted):
    tolerance = rounding(256, wanted.detach().abs().max(), sums=8)
    torch.testing.assert_close(found, wanted, rtol=0, atol=tolerance)


@suited
def test_the_start_is_the_identity_in_every_mode(kind, name):
    plain, x = net(name)
    module, _, adapters = inserted(kind, name)
    assert adapters
    assert torch.equal(module(x), plain(x))
    for context in MODES.values():
        with context():
            close(module(x).clone(), plain(x).clone())
    torch.manual_seed(3)
    wanted = plain.train()(x)
    torch.manual_seed(3)
    assert torch.equal(module.train()(x), wanted)


@suited
def test_names_and_tensors_of_the_module_stay(kind, name):
    before = net(name)[0].state_dict()
    module, x, adapters = inserted(kind, name)
    disturb(adapters)
    module(x).sum().backward()
    after = {key: value for key, value in module.state_dict().items() if ".adapters." not in f".{key}"}
    assert list(after) == list(before)
    assert all(torch.equal(after[key], before[key]) for key in before)
    assert all(parameter.grad is not None for one in adapters.values() for parameter in one.parameters())


@suited
def test_they_act_alike_in_every_mode_and_in_copies(kind, name):
    plain, x = net(name)
    module, _, adapters = inserted(kind, name)
    disturb(adapters)
    wanted = module(x).detach()
    assert (wanted - plain(x)).abs().max() > 0.01
    for context in MODES.values():
        with context():
            close(module(x).clone(), wanted)
    twin = copy.deepcopy(module)
    kept = io.BytesIO()
    torch.save(module, kept)
    kept.seek(0)
    for other in (twin, torch.load(kept, weights_only=False)):
        assert torch.equal(other(x), wanted)
    disturb(dict(enumerate(one for _, layer in adapted_layers(twin) for one in layer.adapters.children())))
    assert not torch.equal(twin(x), wanted)
    assert torch.equal(module(x), wanted)


@suited
def test_what_is_linear_folds_into_the_weights(kind, name):
    plain, _ = net(name)
    module, x, adapters = inserted(kind, name)
    disturb(adapters)
    wanted = module(x).detach()
    folded = fold(copy.deepcopy(module))
    close(folded(x), wanted)
    assert torch.equal(module(x), wanted)
    if kind == "bottlenecks":
        assert len(list(adapted_layers(folded))) == len(adapters)
        return
    assert [type(layer) for layer in folded.modules()] == [type(layer) for layer in plain.modules()]
    assert folded.state_dict().keys() == plain.state_dict().keys()


@pytest.mark.parametrize(
    ("kind", "name"),
    [("bottlenecks", "convolutions"), ("ia3", "convolutions"), ("series", "recurrent"), ("ia3", "recurrent")],
)
def test_what_suits_no_layer_is_refused_and_nothing_is_changed(kind, name):
    before = net(name)[0]
    module, x = net(name)
    with pytest.raises(BadInput, match="suit no layer"):
        KINDS[kind].insert(module, lambda: module(x))
    assert not list(adapted_layers(module))
    assert torch.equal(module(x), before(x))
