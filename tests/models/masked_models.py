"""Masked language models in miniature: the words of `wordy`, and one that could be filled in for a mask."""

from tests import wordy
from tokenizers import Tokenizer, models, pre_tokenizers, processors

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = (*SPECIAL, *wordy.GOOD, *wordy.BAD, *wordy.FILL, "It", ".", "N", "A", "/")
ID = {word: number for number, word in enumerate(WORDS)}


def tokenizer() -> Tokenizer:
    """One id a word, [CLS] before and [SEP] after."""
    made = Tokenizer(models.WordLevel(ID, unk_token="[UNK]"))
    made.add_special_tokens(list(SPECIAL))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [("[CLS]", ID["[CLS]"]), ("[SEP]", ID["[SEP]"])]
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return made


def ids(text: str) -> list[int]:
    """Of words with spaces between."""
    return [ID[word] for word in text.split()]


def byte_level() -> Tokenizer:
    """As RoBERTa's: a word behind a space is another token than one that begins the text."""
    from tokenizers import AddedToken, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=letters, show_progress=False
    )
    made.train_from_iterator([" ".join(WORDS[5:-3]) * 5, "Review: fine awful"] * 3, trainer)
    made.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return made


def model(kind: str = "Bert", seed: int = 0):
    """A random masked language model of transformers, its tokenizer, and what that calls its mask."""
    import torch
    import transformers

    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 20,
        "max_position_embeddings": 40,
    }
    if kind == "DistilBert":
        sizes = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 20, "max_position_embeddings": 40}
    mask, own = ("<mask>", byte_level()) if kind == "Roberta" else ("[MASK]", tokenizer())
    pad, unknown = ("<pad>", "<unk>") if kind == "Roberta" else ("[PAD]", "[UNK]")
    reader = transformers.PreTrainedTokenizerFast(
        tokenizer_object=own, pad_token=pad, mask_token=mask, unk_token=unknown
    )
    ends = dict.fromkeys(("cls", "sep", "bos", "eos"), 3) if kind == "ModernBert" else {}
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(reader),
        pad_token_id=reader.pad_token_id,
        **{f"{name}_token_id": value for name, value in ends.items()},
        **sizes,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = transformers.AutoModelForMaskedLM.from_config(config).eval()
        with torch.no_grad():
            for parameter in made.parameters():  # fresh models have biases of 0 and small weights
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return made, reader, mask
