"""Many tasks on one model: the caller's never changes, and each task is what it was trained to be."""

import copy

import pytest
import torch
from tests.nn.adapters.nets import convolutions, encoder
from tests.nn.adapters.sets import answers, close, side_car
from torch import nn

import headstart as hs
from headstart.core import BadInput, Mismatch, Unknown
from headstart.nn.adapters import adapted_layers


def test_the_callers_model_is_never_touched_and_its_tensors_are_shared():
    module, x, found = side_car()
    before = copy.deepcopy(module.state_dict())
    with found.use("one") as model:
        optimiser = torch.optim.SGD(found.parameters("one"), 0.1)
        for _ in range(3):
            model.train()(x).square().mean().backward()
            optimiser.step()
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in module.parameters())
    assert not list(adapted_layers(module))
    assert not module.training
    pairs = zip(module.parameters(), found.model.parameters(), strict=True)
    assert all(one.data_ptr() == other.data_ptr() for one, other in pairs)


def test_sets_are_switched_and_without_one_the_model_is_the_callers():
    module, x, found = side_car()
    one, two = answers(found, x, "one"), answers(found, x, "two")
    assert (one - two).abs().max() > 0.01
    assert torch.equal(answers(found, x, "one"), one)
    close(found(x).detach(), module(x).detach())
    assert found.names == ("one", "two")
    found.remove("two")
    with pytest.raises(Unknown, match="No set of adapters is called 'two'"), found.use("two"):
        pass


def test_a_stack_is_one_after_the_other():
    """In weight space W + B1 A1 + B2 A2."""
    kinds = {key: hs.adapters.LoRA(rank=2, space="weight") for key in ("one", "two")}
    module, _, found = side_car("linear", **kinds)
    with found.use("one", "two") as model:
        weight = model[0].weight.detach().clone()
    wanted = module[0].weight.detach().clone()
    for key in ("one", "two"):
        adapter = found._sets[key]["0"]
        wanted += adapter.scale * (adapter.up @ adapter.down).detach()
    close(weight, wanted)


def test_merging_gives_a_plain_model_of_its_own():
    module, x, found = side_car()
    plain = found.merge("one")
    assert plain.state_dict().keys() == module.state_dict().keys()
    close(plain(x).detach(), answers(found, x, "one"))
    assert not {p.data_ptr() for p in plain.parameters()} & {p.data_ptr() for p in module.parameters()}
    kept = found.merge("two")
    assert list(adapted_layers(kept))
    assert torch.equal(kept(x), answers(found, x, "two"))


@pytest.mark.parametrize("name", ["encoder", "convolutions", "recurrent", "linear"])
def test_merged_for_a_while_is_the_plain_model_and_then_the_callers_bit_for_bit(name):
    kinds = {"one": hs.adapters.LoRA(rank=2, space="weight")}
    module, x, found = side_car(name, **kinds)
    start, used = found(x).detach().clone(), answers(found, x, "one")
    plain = {id(parameter) for parameter in found.model.parameters()}

    def look():
        with found.merged("one") as model:
            assert not list(adapted_layers(model))
            assert not model.state_dict().keys() ^ module.state_dict().keys()
            close(model(x).detach(), used)
            with pytest.raises(BadInput, match="one is merged already"), found.merged("one"):
                pass
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        look()
    assert {id(parameter) for parameter in found.model.parameters()} == plain
    pairs = zip(module.parameters(), found.model.parameters(), strict=True)
    assert all(one.data_ptr() == other.data_ptr() for one, other in pairs)
    assert torch.equal(found(x), start)
    assert torch.equal(answers(found, x, "one"), used)


def test_what_does_not_fold_stays_beside_the_merged_weights():
    _, x, found = side_car()
    stacked = answers(found, x, "one", "two")
    with found.merged("one", "two") as model:
        assert [path for path, _ in adapted_layers(model)] == list(found._sets["two"])
        close(model(x).detach(), stacked)
    assert not list(adapted_layers(found.model))
    assert torch.equal(answers(found, x, "one", "two"), stacked)


def test_what_is_merged_already_is_another_model(tmp_path):
    _, _, found = side_car()
    found.save("one", tmp_path / "one.safetensors")
    with pytest.raises(Mismatch, match=r"made for the model \w{12}, and this one is \w{12}"):
        hs.Adapters(found.merge("one")).load("again", tmp_path / "one.safetensors")


def test_two_hundred_sets_beside_one_model_know_nothing_of_each_other():
    """The model outputs its last bias, 1; each set its number, by a scale, times its own bias, 2."""
    module = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)).eval()
    nn.init.zeros_(module[2].weight)
    nn.init.ones_(module[2].bias)
    x = torch.randn(3, 64)
    found, names = hs.Adapters(module), [f"task{number}" for number in range(200)]
    for number, name in enumerate(names):
        found.add(name, hs.adapters.IA3(), also="2.bias")
        with torch.no_grad():
            found._own[name]["2.bias"].fill_(2)
            found._sets[name]["2"].scale.fill_(number)
    for number in (7, 199, 0):
        close(answers(found, x, names[number]), torch.full((3, 1), 2.0 * number))
        with found.merged(names[number]) as model:
            close(model(x).detach(), torch.full((3, 1), 2.0 * number))
    rows = [names[150], names[3], names[42]]
    close(found.mixed(x, rows).detach(), torch.tensor([[300.0], [6.0], [84.0]]))
    everything = [one for name in names for one in found.parameters(name)]
    own = {one.data_ptr() for one in everything}
    assert len(own) == len(everything) == 200 * 3  # a scale at each layer, and the bias
    assert sum(one.numel() for one in everything) == 200 * (64 + 1 + 1)
    assert sum(one.numel() for one in found.model.parameters()) == sum(p.numel() for p in module.parameters())
    for name in names[:199]:
        found.remove(name)
    assert found.names == ("task199",)
    close(found(x), torch.ones(3, 1))
    close(answers(found, x, "task199"), torch.full((3, 1), 398.0))


def test_copies_that_learn_along_and_statistics_belong_to_their_set():
    module, x = convolutions().eval(), torch.randn(4, 8, 9, 9)
    found = hs.Adapters(module, example=x)
    found.add("one", hs.adapters.ConvAdapters(), also="1.*|4.bias")
    found.add("two", hs.adapters.ConvAdapters())
    start = answers(found, x, "two")
    assert {tuple(one.shape) for one in found.parameters("one")} > {(8,)}
    with found.use("one") as model:
        model.train()
        optimiser = torch.optim.SGD(found.parameters("one"), 0.1)
        model(x).square().mean().backward()
        optimiser.step()
        model.eval()
    mean = found._own["one"]["1.running_mean"]
    assert mean.abs().max() > 0
    assert torch.equal(module[1].running_mean, torch.zeros(8))
    assert torch.equal(found._own["two"]["1.running_mean"], torch.zeros(8))
    assert torch.equal(module[1].weight, torch.ones(8))
    found.model.train(module.training)
    assert torch.equal(answers(found, x, "two"), start)
    with pytest.raises(BadInput, match="also is 'head', and no parameter"):
        found.add("three", hs.adapters.ConvAdapters(), also="head")
    found.add("four", hs.adapters.ConvAdapters(), also="1.weight")
    with pytest.raises(BadInput, match=r"copies of 1\.weight each"), found.use("one", "four"):
        pass


KINDS = {
    "linear": hs.adapters.LoRA(rank=2, magnitude=True),
    "convolutions": hs.adapters.ConvAdapters(how="parallel"),
    "recurrent": hs.adapters.LoRA(rank=2),
    "encoder": hs.adapters.IA3(),
    "attention": hs.adapters.LoRA(rank=2),  # at a layer, and at one inside it
    "functional": hs.adapters.LoRA(rank=2),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_set_is_saved_without_the_model_and_loaded_beside_it(name, tmp_path):
    module, x, found = side_car(name, mine=KINDS[name])
    wanted = answers(found, x, "mine")
    found.save("mine", tmp_path / "mine.safetensors")
    other = hs.Adapters(module, example=x)
    other.load("theirs", tmp_path / "mine.safetensors")
    assert torch.equal(answers(other, x, "theirs"), wanted)
    assert len(other.parameters("theirs")) == len(found.parameters("mine"))


def test_a_file_for_another_model_is_refused_by_name(tmp_path):
    _, _, found = side_car()
    file = tmp_path / "one.safetensors"
    found.save("one", file)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        other = hs.Adapters(encoder())
    with pytest.raises(Mismatch, match=r"made for the model \w{12}, and this one is \w{12}"):
        other.load("one", file)
    with pytest.raises(
        Mismatch, match=r"adapter for the layer layers\.0\.self_attn, which this model has not"
    ):
        hs.Adapters(nn.Linear(4, 4)).load("one", file)
    with pytest.raises(BadInput, match="'one' is taken"):
        found.load("one", file)
    assert other.names == ()


def test_the_mean_of_sets_is_that_of_their_parameters():
    same = {key: hs.adapters.ConvAdapters() for key in ("one", "two")}
    _, _, found = side_car("convolutions", **same)
    found.average("mean", {"one": 0.25, "two": 0.75})
    for path, adapter in found._sets["mean"].items():
        one, two = (found._sets[key][path].matrix.detach() for key in same)
        torch.testing.assert_close(adapter.matrix.detach(), 0.25 * one + 0.75 * two)
    with pytest.raises(BadInput, match=r"add up to 0\.5, not 1"):
        found.average("half", {"one": 0.5})
    found.add("other", hs.adapters.LoRA(rank=2))
    with pytest.raises(BadInput, match="one and other have other adapters or layers"):
        found.average("none", {"one": 0.5, "other": 0.5})


def test_sets_are_not_used_within_each_other_and_have_names():
    _, _, found = side_car()
    with found.use("one"), pytest.raises(BadInput, match="one is in use already"), found.use("two"):
        pass
    with found.use("one"), pytest.raises(BadInput, match="one is in use already"):
        found.add("three", hs.adapters.LoRA())
    with found.use("one"), pytest.raises(BadInput, match="one is in use already"):
        found.remove("one")
    with pytest.raises(BadInput, match="has a dot"):
        found.add("a.b", hs.adapters.LoRA())
    found.add("keys", hs.adapters.LoRA(rank=2))  # what torch calls its own things is no matter
    assert "keys" in found.names
