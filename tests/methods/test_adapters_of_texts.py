"""Adapters on transformers' text models: readers from both sides, and from left to right as GPT is."""

import copy

import pytest
import torch
from tests import wordy
from tests.methods.ways import PLAIN

from headstart.core import Labelled, Task
from headstart.methods.mapping.adapters.bottleneck_adapters import BottleneckAdapters
from headstart.methods.mapping.adapters.lora import LoRA
from headstart.models import backbone
from headstart.models.layout import Layout, pool
from headstart.nn.adapters import adapted_layers
from headstart.run.loop import start, train
from headstart.run.watch import drain

pytestmark = pytest.mark.slow  # importing transformers takes seconds
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": 24,
}
SPARE = 8  # ids for what a tokenizer of a family adds of itself
KEYS = {**SIZES, "num_key_value_heads": 1}
ENDS = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
# sizes, whether the last token's features are read, and how many weights of a layer get LoRA
FAMILIES = {
    "GPT2": ({"n_embd": 32, "n_layer": 1, "n_head": 2, "n_positions": 24}, True, 4),  # fused, as Conv1D
    "Llama": (KEYS, True, 7),
    "Qwen2": (KEYS, True, 7),
    "GPTNeoX": (SIZES, True, 4),  # fused
    "Bert": (SIZES, False, 6),
    "Roberta": (SIZES, False, 6),
    "ModernBert": ({**SIZES, "cls_token_id": 2, "sep_token_id": 3}, False, 4),  # fused and gated
    "DistilBert": ({"dim": 32, "n_layers": 1, "n_heads": 2, "hidden_dim": 48}, False, 6),
    "T5": ({"d_model": 32, "num_layers": 1, "num_heads": 2, "d_ff": 48, "d_kv": 16}, False, 6),
}
TEXTS = ["a fine film", "dull", "the very dreadful plot and this awful actor", "a superb scene"]


def made(family, side="right", pad=0):
    """A backbone of a folder with a random model of a layer, as transformers writes it."""
    import transformers

    sizes, last, _ = FAMILIES[family]
    config = getattr(transformers, f"{family}Config")(
        vocab_size=len(wordy.WORDS) + SPARE, **sizes, **ENDS | {"pad_token_id": pad}
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = transformers.AutoModel.from_config(config)
    return model, {"padding_side": side, **({} if last else {"pad_token": "[PAD]"})}


def opened(folder, family, **how):
    import transformers

    model, reading = made(family, **how)
    tokenizer = wordy.tokenizer("pad_token" in reading)
    model.save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **reading).save_pretrained(folder)
    return backbone(str(folder))


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    return {family: opened(tmp_path_factory.mktemp(family), family) for family in FAMILIES}


@pytest.mark.parametrize("family", FAMILIES)
def test_lora_starts_as_the_model_and_each_adapter_learns(bases, family):
    base, (_, last, weights) = bases[family], FAMILIES[family]
    assert (base.readout is not None) == last
    ids = base.tokens(TEXTS)
    run = start(LoRA(rank=2), copy.deepcopy(base), Task(2, tuple(ids.shape[1:])), PLAIN)
    adapted = run.parts["backbone"]
    assert len(list(adapted_layers(adapted))) == weights
    for training in (False, True):
        for mode in (torch.enable_grad, torch.no_grad, torch.inference_mode):
            answers = []
            for each in (base, adapted):
                torch.manual_seed(0)  # of dropout
                with mode():
                    answers.append(each.train(training)(ids))
            assert torch.equal(*answers)
    base.eval()
    before = {name: one.clone() for name, one in adapted.named_parameters() if name.endswith(".up")}
    drain(train(run, lambda _: iter([Labelled(ids, torch.tensor([1, 0, 0, 1]))])))
    after = dict(adapted.named_parameters())
    assert before
    assert not any(torch.equal(after[name], one) for name, one in before.items())
    with torch.no_grad():
        folded = LoRA(rank=2).predictor(run.parts).eval()
        kept = run.parts["head"](adapted.eval()(ids))
        torch.testing.assert_close(folded(ids), kept, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", ["GPT2", "ModernBert"])
def test_two_bottleneck_adapters_a_layer(bases, family):
    base = copy.deepcopy(bases[family])
    BottleneckAdapters(size=2).parts(base, Task(2, (4,)))
    assert len(list(adapted_layers(base))) == 2
    ids = base.tokens(TEXTS)
    with torch.no_grad():
        assert torch.equal(base(ids), bases[family](ids))


def test_the_last_token_is_the_last_real_one_whatever_side_a_tokenizer_pads(bases, tmp_path):
    base, other = bases["GPT2"], opened(tmp_path, "GPT2", side="left")
    with torch.no_grad():
        together, alone = other(other.tokens(TEXTS)), [base(base.tokens([text])) for text in TEXTS]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-5)
    x = torch.arange(6.0).view(2, 3, 1)  # rows 0 1 2 and 3 4 5
    left, right = torch.tensor([[0, 1, 1], [1, 1, 1]]).bool(), torch.tensor([[1, 1, 0], [1, 0, 0]]).bool()
    assert pool(x, Layout(0, 2), left, "last").tolist() == [[2.0], [5.0]]
    assert pool(x, Layout(0, 2), right, "last").tolist() == [[1.0], [3.0]]


def test_a_padding_id_that_the_model_has_no_vector_for_is_not_looked_up(tmp_path):
    """As where a tokenizer was given a new [PAD] beside the words: padding is masked, whatever its id."""
    base = opened(tmp_path, "Llama", pad=None)
    model, _ = made("Llama")
    beyond = copy.deepcopy(base.tokens.__class__(base.tokens.tokenizer, 20, 20, len(wordy.WORDS) + SPARE))
    again = backbone(model, tokenizer=beyond)
    with torch.no_grad():
        torch.testing.assert_close(again(again.tokens(TEXTS)), base(base.tokens(TEXTS)))
