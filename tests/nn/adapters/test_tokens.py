"""Token prompts and prefix tokens on each kind of transformer: where they are, and who sees them."""

import copy
import importlib
import inspect
import io

import pytest
import torch
from tests.nn.adapters.nets import net
from tests.nn.adapters.transformers_at_hand import CAUSAL, NETS, PADDED, answer, transformer
from tests.rounding import rounding
from torch import nn

from headstart.core import BadInput
from headstart.nn.adapters import PrefixTokens, TokenPrompts, adapted_layers
from headstart.nn.adapters.attaching import detach
from headstart.nn.adapters.side_car import Adapters

pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
KINDS = {
    "shallow": TokenPrompts(count=3),
    "deep": TokenPrompts(count=3, deep=True, initial="random"),
    "prefix": PrefixTokens(count=3),
    "gated": PrefixTokens(count=3, gate=True, initial="random"),
}
MODES = {"gradients": torch.enable_grad, "none": torch.no_grad, "inference": torch.inference_mode}
every = pytest.mark.parametrize("name", NETS)


def close(found, wanted):
    tolerance = rounding(256, wanted.detach().abs().max(), sums=16)
    torch.testing.assert_close(found, wanted, rtol=0, atol=tolerance)


def inserted(kind, name):
    """A net with prompts other than at their start, its inputs, and the prompts."""
    module, x = transformer(name)
    torch.manual_seed(1)
    found = KINDS[kind].insert(module, lambda: answer(module, x))
    with torch.no_grad():
        for one in found.values():
            for parameter in one.parameters():
                parameter.copy_(torch.randn(parameter.shape))
    return module, x, found


@every
@pytest.mark.parametrize("kind", KINDS)
def test_they_act_alike_in_every_mode_and_in_copies_and_leave_no_trace(kind, name):
    plain, x = transformer(name)
    module, _, found = inserted(kind, name)
    before = plain.state_dict()
    assert {key for key in module.state_dict() if ".adapters." not in key} == before.keys()
    wanted, own = answer(module, x).detach(), answer(plain, x).detach()
    there = x >= 0 if not x.is_floating_point() else x[..., 0] != 0 if x.ndim == 3 else slice(None)
    assert wanted.shape == own.shape
    assert (wanted - own)[there].abs().max() > 0.01
    for context in MODES.values():
        with context():
            close(answer(module, x)[there].clone(), wanted[there])
    close(answer(module.train(), x)[there], wanted[there])
    twin = copy.deepcopy(module.eval())
    assert torch.equal(answer(twin, x), wanted)
    answer(module, x).sum().backward()
    assert all(one.grad is not None for each in found.values() for one in each.parameters())
    for path in found:
        detach(module.get_submodule(path))
    assert torch.equal(answer(module, x).detach(), own)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


@every
def test_behind_a_gate_the_start_is_the_identity(name):
    plain, x = transformer(name)
    module, _ = transformer(name)
    PrefixTokens(count=2, gate=True).insert(module, lambda: answer(module, x))
    there = x[..., 0] != 0 if x.ndim == 3 else slice(None)
    for mode in (True, False):
        with torch.no_grad():
            close(answer(module.train(mode), x)[there], answer(plain.train(mode), x)[there])
    # torch's own attention adds in another order
    if name not in ("torchvision", "encoder", "rows second", "causal encoder"):
        assert torch.equal(answer(module, x), answer(plain, x))


@pytest.mark.parametrize("name", PADDED)
@pytest.mark.parametrize("kind", KINDS)
def test_a_padded_row_answers_as_it_does_alone(kind, name):
    module, x, _ = inserted(kind, name)
    short = x[1:, :4] if x.ndim == 2 else x[1:, :3]
    for context in MODES.values():
        with context():
            close(answer(module, x)[1:, : short.shape[1]].clone(), answer(module, short).clone())


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("kind", KINDS)
def test_a_token_of_a_causal_model_does_not_see_later_ones(kind, name):
    module, x, _ = inserted(kind, name)
    cut = x[:, :3]
    close(answer(module, x)[:, :3], answer(module, cut))


def past_name(module):
    """What transformers calls the keys and values of tokens before."""
    return "cache" if "cache" in inspect.signature(module.forward).parameters else "past_key_values"


def prompts_of(found):
    return [one.tokens for one in found.values()]


def test_of_vit_they_could_as_well_stand_behind_the_class_token():
    """VPT's place: attention does not ask for the order of the tokens, and each layer has its own."""
    module, x, found = inserted("deep", "timm")
    plain, _ = transformer("timm")
    z = plain._pos_embed(plain.patch_embed(x))
    for block, prompts in zip(plain.blocks, prompts_of(found), strict=True):
        z = block(torch.cat([z[:, :1], prompts.expand(2, -1, -1), z[:, 1:]], 1))
        z = torch.cat([z[:, :1], z[:, 4:]], 1)
    close(answer(module, x), plain.forward_head(plain.norm(z)))


def test_of_bert_they_are_embeddings_without_positions():
    module, x, found = inserted("shallow", "bert")
    plain = transformer("bert")[0].model
    prompts = prompts_of(found)[0]
    z = torch.cat([prompts.expand(2, -1, -1), plain.embeddings(x.clamp(min=0))], 1)
    there = torch.cat([torch.ones(2, 3, dtype=torch.bool), x >= 0], 1)
    wanted = plain.encoder(z, there[:, None, None].expand(2, 1, 9, 9))[0][:, 3:]
    close(answer(module, x)[x >= 0], wanted[x >= 0])


def test_of_gpt_they_are_read_before_the_text():
    module, x, found = inserted("shallow", "gpt")
    plain = transformer("gpt")[0].model
    ids, there = x.clamp(min=0), torch.cat([torch.ones(2, 3), (x >= 0).float()], 1).long()
    prompts = prompts_of(found)[0] - plain.wpe.weight[0]  # which it adds
    z = torch.cat([prompts.expand(2, -1, -1), plain.wte(ids)], 1)
    places = torch.tensor([[0, 0, 0, *range(6)]])
    wanted = plain(inputs_embeds=z, attention_mask=there, position_ids=places)[0][:, 3:]
    close(answer(module, x)[x >= 0], wanted[x >= 0])


def test_a_prefix_of_gpt_is_what_a_cache_of_keys_and_values_does():
    module, x, found = inserted("prefix", "gpt")
    plain = transformer("gpt")[0].model
    cache = importlib.import_module("transformers").DynamicCache()
    for number, one in enumerate(found.values()):
        keys, values = (part.detach().expand(2, -1, -1, -1) for part in (one.keys, one.values))
        cache.update(keys, values, number)
    there = torch.cat([torch.ones(2, 3), (x >= 0).float()], 1).long()
    places = torch.arange(6)[None]
    wanted = plain(x.clamp(min=0), attention_mask=there, position_ids=places, **{past_name(plain): cache})
    close(answer(module, x)[x >= 0], wanted[0][x >= 0])


def test_a_text_can_not_go_on_behind_keys_of_its_past():
    module, x, _ = inserted("shallow", "gpt")
    found = module.model(x[:1], use_cache=True)
    past = {past_name(module.model): getattr(found, past_name(module.model))}
    with pytest.raises(BadInput, match="keys and values of tokens before"):
        module.model(x[:1, :1], **past)


class Written(nn.Module):
    """A layer of a transformer whose attention is written out, on tokens (n, l, 8)."""

    def __init__(self):
        super().__init__()
        self.asked, self.out = nn.Linear(8, 24), nn.Linear(8, 8)
        self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 8)

    def forward(self, x):
        query, key, value = self.asked(x).chunk(3, -1)
        x = x + self.out((query @ key.transpose(1, 2)).softmax(-1) @ value)
        return x + self.down(self.up(x).relu())


def test_an_attention_that_is_written_out_is_named_with_what_works_there():
    module, x = Written(), torch.randn(2, 5, 8)
    with pytest.raises(BadInput, match=r"layer 0 does not compute .* Take token prompts"):
        PrefixTokens().insert(whole := nn.Sequential(module), lambda: whole(x))
    found = TokenPrompts(count=2).insert(whole, lambda: whole(x))
    assert list(found) == ["0"]
    joined = torch.cat([found["0"].tokens.expand(2, -1, -1), x], 1)
    close(whole(x), Written.forward(module, joined)[:, 2:])


@pytest.mark.parametrize("kind", [TokenPrompts(), PrefixTokens()], ids=["tokens", "prefix"])
def test_what_is_no_transformer_is_refused_with_the_way_out(kind):
    module, x = net("convolutions")
    with pytest.raises(BadInput, match="no transformer's layers: take LoRA"):
        kind.insert(module, lambda: module(x))
    with pytest.raises(BadInput, match="need an example"):
        kind.insert(nn.Sequential(Written()))


def test_a_layer_that_counts_its_tokens_is_refused_and_left_as_it_was():
    class Counting(Written):
        def forward(self, x):
            return super().forward(x.view(2, 5, 8))

    module, x = nn.Sequential(Counting()), torch.randn(2, 5, 8)
    with pytest.raises(BadInput, match=r"can't read more tokens .* Take prefix tokens"):
        TokenPrompts().insert(module, lambda: module(x))
    assert not list(adapted_layers(module))


def test_a_layer_that_reads_no_rows_of_tokens_is_named():
    module = nn.Sequential(nn.Unflatten(1, (5, 1)), Written())
    with pytest.raises(BadInput, match=r"layer 1 reads \(2, 5, 1, 8\), not rows of tokens"):
        TokenPrompts().insert(module, lambda: module(torch.randn(2, 5, 8)))


def test_a_layer_alone_lacks_the_prompts_of_the_one_before():
    module, x = nn.Sequential(Written(), Written()), torch.randn(2, 5, 8)
    TokenPrompts(count=2).insert(module, lambda: module(x))
    with pytest.raises(BadInput, match=r"called without the one before it.*deep=True"):
        module[1](x)


@pytest.mark.parametrize("kind", ["shallow", "deep", "prefix", "gated"])
def test_tasks_beside_one_model_are_switched_and_saved_and_share_a_forward(kind, tmp_path):
    net, x = transformer("causal encoder")
    many = Adapters(net, x)
    for name in ("first", "second"):
        many.add(name, KINDS[kind])
    with torch.no_grad():
        for name in many.names:
            for parameter in many.parameters(name):
                parameter.copy_(torch.randn(parameter.shape))
        answers = []
        for name in many.names:
            with many.use(name):
                answers.append(many(x))
        close(many(x), net(x))
        assert (answers[0] - answers[1]).abs().max() > 0.01
        mixed = many.mixed(torch.cat([x, x]), ["first", "second", "second", "first"])
        close(mixed, torch.stack([answers[0][0], answers[1][1], answers[1][0], answers[0][1]]))
    many.save("first", tmp_path / "one.safetensors")
    other = Adapters(net, x)
    other.load("again", tmp_path / "one.safetensors")
    with other.use("again"), torch.no_grad():
        close(other(x), answers[0])


def test_a_kept_module_has_its_prompts():
    module, x, _ = inserted("shallow", "encoder")
    kept = io.BytesIO()
    torch.save(module, kept)
    kept.seek(0)
    assert torch.equal(answer(torch.load(kept, weights_only=False), x), answer(module, x))
