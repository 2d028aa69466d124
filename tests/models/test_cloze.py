"""Cloze classifiers: what stands where, and that their logits are the masked language model's own."""

from types import SimpleNamespace

import pytest
import torch
from tests import wordy
from tests.models import masked_models
from tests.models.masked_models import ids, tokenizer
from torch import nn

from headstart.core import BadInput, Tokens
from headstart.models import calibrated, cloze
from headstart.models.masked import MaskReader
from headstart.models.patterns import in_pattern
from headstart.models.prompts import words_of_classes

WORDS = {"good": ("fine", "great"), "bad": "awful"}
PATTERN = "{} It was [MASK]."


class Masked(nn.Module):
    """Tokens are embedded, and what a token is says which one it was: no context at all."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.config = SimpleNamespace(pad_token_id=0, to_dict=dict)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.table = nn.Embedding(len(masked_models.WORDS), width)
            self.words = nn.Linear(width, len(masked_models.WORDS))

    def get_output_embeddings(self):
        return self.words

    def forward(self, ids, attention_mask=None):
        return SimpleNamespace(logits=self.words(self.table(ids)))


def read(pattern=PATTERN, words=WORDS, limit=12):
    return in_pattern(Tokens(tokenizer().to_str(), limit), pattern, words_of_classes(words))


@pytest.mark.parametrize(
    ("pattern", "wanted", "mask"),
    [
        (PATTERN, "[CLS] the film It was [MASK] . [SEP]", -3),
        ("[MASK]: {}", "[CLS] [MASK] [UNK] the film [SEP]", 1),
        ("It was [MASK]. {} a film.", "[CLS] It was [MASK] . the film a film . [SEP]", 3),
    ],
)
def test_the_text_is_put_into_the_pattern(pattern, wanted, mask):
    found = read(pattern)
    assert found.tokens(["the film"])[0].tolist() == ids(wanted)
    assert found.mask == mask
    assert ids(wanted)[mask] == masked_models.ID["[MASK]"]


def test_a_long_text_is_truncated_and_the_pattern_is_not():
    found = read(limit=9)  # 6 of the pattern and around it
    made, cut = found.tokens.ids(["the film is very very dull and poor", "the end"])
    assert made[0].tolist() == ids("[CLS] the film is It was [MASK] . [SEP]")
    assert cut.tolist() == [True, False]


def test_a_limit_that_leaves_no_room_is_refused():
    with pytest.raises(BadInput, match=r"takes 6 tokens .* 6 are read"):
        read(limit=6)
    shorter = Tokens(read().tokens.tokenizer, 5)
    with pytest.raises(BadInput, match="5 tokens a text, but 6 of them"):
        shorter(["the film"])


def test_the_mask_is_found_on_either_side_of_padding():
    """The feature of token t is the number t; a text may itself hold a mask."""
    numbers = torch.arange(50.0)[:, None]
    echo = nn.Module()
    echo.forward = lambda ids, attention_mask: SimpleNamespace(logits=numbers[ids])
    rows = torch.tensor([[-1, -1, 10, 11, 12, 13], [20, 4, 22, 23, 24, 25], [30, 31, 32, -1, -1, -1]])
    assert MaskReader(echo, 0, -2)(rows)[:, 0].tolist() == [12, 24, 31]
    assert MaskReader(echo, 0, 1)(rows)[:, 0].tolist() == [11, 4, 31]


def test_logits_by_hand():
    """A class has the mean of its words' logits at the mask."""
    net = Masked()
    model = cloze(net, WORDS, PATTERN, tokenizer=tokenizer())
    with torch.no_grad():
        words = net.words(net.table(torch.tensor(masked_models.ID["[MASK]"])))
        found = model(model.backbone.tokens(["the film", "a very long and dull film"]))
    fine, great, awful = (words[masked_models.ID[word]] for word in ("fine", "great", "awful"))
    wanted = torch.stack([(fine + great) / 2, awful])
    assert torch.allclose(found, wanted.expand(2, 2), atol=1e-6)
    assert model.classes == ("good", "bad")


def test_words_as_one_text():
    model = cloze(Masked(), "good=fine|great,bad=awful", PATTERN, tokenizer=tokenizer())
    given = cloze(Masked(), WORDS, PATTERN, tokenizer=tokenizer())
    assert torch.equal(model.head.weight, given.head.weight)


def test_class_names_are_their_own_words():
    model = cloze(Masked(), ["fine", "awful"], PATTERN, tokenizer=tokenizer())
    assert torch.equal(model.head.weight[1], Masked().words.weight[masked_models.ID["awful"]])


def test_calibration_by_hand():
    """p(class | nothing) is divided out: what says nothing alone gets even odds; the rest moves with it."""
    model = cloze(Masked(), WORDS, PATTERN, tokenizer=tokenizer())
    with torch.no_grad():
        model.head.bias.copy_(torch.tensor([1.0, -1.0]))
        before = model(model.backbone.tokens(["the film"]))
        even = calibrated(model, ["N"])
        assert torch.allclose(even(even.backbone.tokens(["N"])).softmax(1), torch.tensor([[0.5, 0.5]]))
        prior = before.softmax(1)  # no context: every text has the same
        moved = calibrated(model)(model.backbone.tokens(["the film"]))
    assert torch.allclose(moved, before - prior.log(), atol=1e-6)
    assert model.head.bias.tolist() == [1, -1]
    assert even.classes == model.classes


def test_calibration_needs_something_to_say_nothing():
    model = cloze(Masked(), WORDS, PATTERN, tokenizer=tokenizer())
    with pytest.raises(BadInput, match="content_free holds no text"):
        calibrated(model, [])


@pytest.mark.parametrize(
    ("pattern", "words", "said"),
    [
        ("It was [MASK].", WORDS, "0 places for the text"),
        ("{} {} was [MASK].", WORDS, "2 places for the text"),
        ("{} It was fine.", WORDS, "0 masks"),
        ("{} [MASK] [MASK]", WORDS, "2 masks"),
        (PATTERN, {"good": "gorgeous", "bad": "awful"}, r"'gorgeous' of the class 'good' is unknown"),
        (PATTERN, {"good": "very fine", "bad": "awful"}, r"is 2 tokens \(very, fine\)"),
        (PATTERN, {"good": "fine", "bad": ["fine"]}, "'good' and 'bad' have the same words"),
        (PATTERN, {"good": [], "bad": "awful"}, "class 'good' has no words"),
    ],
)
def test_bad_patterns_and_words(pattern, words, said):
    with pytest.raises(BadInput, match=said):
        read(pattern, words)


def test_a_tokenizer_without_a_mask_is_refused():
    with pytest.raises(BadInput, match="has no mask token"):
        in_pattern(Tokens(wordy.tokenizer().to_str()), PATTERN, {"good": ("fine",), "bad": ("awful",)})


def test_a_module_without_a_head_is_refused():
    with pytest.raises(BadInput, match="came without a tokenizer"):
        cloze(Masked(), WORDS)
    net = Masked()
    net.get_output_embeddings = lambda: None
    with pytest.raises(BadInput, match=r"no head of a masked language model.*RoBERTa"):
        cloze(net, WORDS, PATTERN, tokenizer=tokenizer())


def test_a_head_that_is_more_than_linear_is_refused():
    class Scaled(Masked):
        def forward(self, ids, attention_mask=None):
            return SimpleNamespace(logits=3 * super().forward(ids).logits)

    with pytest.raises(BadInput, match="more of its features than a linear layer"):
        cloze(Scaled(), WORDS, PATTERN, tokenizer=tokenizer())
