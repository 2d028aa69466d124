"""Hidden tokens of texts: BERT's 80/10/10 with a generator of its own."""

import pytest
import torch
from tests import wordy
from tokenizers import AddedToken
from torch.nn.functional import cross_entropy

import headstart as hs
from headstart.core import BadInput
from headstart.nn.imputation.tokens import TokenImputer


@pytest.fixture(scope="module")
def base():
    reader = wordy.tokenizer()
    reader.add_special_tokens([AddedToken("[MASK]", special=True)])
    net = wordy.Words()
    net.table = torch.nn.Embedding(len(wordy.WORDS) + 1, 32)
    return hs.models.backbone(net, tokenizer=reader)


@pytest.fixture
def imputer(base):
    torch.manual_seed(0)
    return TokenImputer(base, base.tokens, 0.15)


@pytest.fixture(scope="module")
def ids(base):
    return base.tokens(wordy.reviews(30)[0])


MASK = len(wordy.WORDS)
SPECIAL = [wordy.ID["[CLS]"], wordy.ID["[SEP]"]]


def test_hides_a_share_of_the_words_of_each_text_and_nothing_else(imputer, ids):
    hidden = imputer.hidden(ids, torch.arange(len(ids)))
    words = (ids >= 0) & ~torch.isin(ids, torch.tensor([*SPECIAL, MASK]))
    assert not (hidden & ~words).any()
    wanted = (0.15 * words.sum(1)).round().clamp(min=1)
    assert hidden.sum(1).tolist() == wanted.tolist()


def test_the_mask_does_not_depend_on_the_padding(imputer, ids):
    seed = torch.arange(len(ids))
    padded = torch.nn.functional.pad(ids, (0, 4), value=-1)
    hidden = imputer.hidden(ids, seed)
    wide = imputer.hidden(padded, seed)
    assert torch.equal(wide[:, :-4], hidden)
    assert torch.equal(imputer.corrupted(padded, wide, seed)[:, :-4], imputer.corrupted(ids, hidden, seed))


def test_a_text_of_one_word_is_hidden_whole(imputer):
    ids = torch.tensor([[SPECIAL[0], 5, SPECIAL[1]]])
    assert imputer.hidden(ids, torch.tensor([0])).tolist() == [[False, True, False]]


def test_becomes_the_mask_any_word_or_stays(imputer):
    """Of 100,000 hidden tokens, within 5 standard deviations of 80, 10 and 10 %; any word may be the same."""
    ids = torch.full((100, 1000), 7)
    hidden = torch.ones_like(ids, dtype=torch.bool)
    made = imputer.corrupted(ids, hidden, torch.arange(100))
    count = imputer.vocabulary.size
    assert count == MASK + 1
    masked, same = (made == MASK).float().mean(), (made == 7).float().mean()
    assert masked.item() == pytest.approx(0.8 + 0.1 / count, abs=0.0064)
    assert same.item() == pytest.approx(0.1 + 0.1 / count, abs=0.0048)
    assert set(made.unique().tolist()) == set(range(count))


def test_only_hidden_tokens_change(imputer, ids):
    seed = torch.arange(len(ids))
    hidden = imputer.hidden(ids, seed)
    made = imputer.corrupted(ids, hidden, seed)
    assert torch.equal(made[~hidden], ids[~hidden])


def test_the_loss_is_the_cross_entropy_of_hidden_tokens(imputer, base, ids):
    base.eval()
    seed = torch.arange(len(ids))
    hidden = imputer.hidden(ids, seed)
    made = imputer.corrupted(ids, hidden, seed)
    states = base.inner(made)
    logits = imputer.transform(states) @ base.inner.get_parameter("model.table.weight").T + imputer.bias
    rows = [cross_entropy(each[mask], row[mask]) for each, row, mask in zip(logits, ids, hidden, strict=True)]
    torch.testing.assert_close(imputer(base, ids, seed)["hidden_tokens"], torch.stack(rows).mean())


def test_learns_the_embeddings_that_it_is_tied_to(imputer, base, ids):
    assert imputer.table.endswith("table")
    assert imputer.last is None
    base.zero_grad()
    imputer(base, ids, torch.arange(len(ids)))["hidden_tokens"].backward()
    assert base.get_submodule(imputer.table).weight.grad.any()


def test_guesses_are_words_with_probabilities(imputer, base, ids):
    with torch.no_grad():
        found = imputer.filled(base.eval(), ids[:2], torch.arange(2))
    for row, one in zip(ids, found, strict=False):
        assert one.tokens == tuple(wordy.WORDS[number] for number in row[row >= 0])
        for blank in one.blanks:
            assert blank.truth == one.tokens[blank.place]
            shares = [share for _, share in blank.guesses]
            assert shares == sorted(shares, reverse=True)
            assert {word for word, _ in blank.guesses} <= {*wordy.WORDS, "[MASK]"}


def test_a_tokenizer_without_a_mask_is_refused():
    plain = hs.models.backbone(wordy.Words(), tokenizer=wordy.tokenizer())
    with pytest.raises(BadInput, match=r"The tokenizer has no mask token \(\[MASK\] or <mask>\)"):
        TokenImputer(plain, plain.tokens, 0.15)


def test_a_backbone_that_gives_no_states_of_tokens_is_refused(base):
    class Whole(wordy.Words):
        def forward(self, ids, mask):
            return super().forward(ids, mask).mean(1)

    whole = hs.models.backbone(Whole(), tokenizer=base.tokens)
    whole.blocks = ()
    with pytest.raises(BadInput, match="The last block of Whole gives"):
        TokenImputer(whole, base.tokens, 0.15)
