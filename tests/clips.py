"""Tiny random models of pictures and texts in folders, as transformers saves them, with a BPE tokenizer."""

import warnings

TEXTS = ("a photo of a red circle.", "a drawing of the blue square.", "one green triangle, a type of shape.")
LENGTH = 16  # positions of texts
SIZE = 24  # pixels a side
ENDS = {"clip": ("<|startoftext|>", "<|endoftext|>"), "siglip": ("", "</s>")}
SHAPE = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 2, "num_attention_heads": 2}


def tokenizer(kind="clip"):
    """Byte pairs of `TEXTS`, in small letters, between the special tokens of that kind of model."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    first, last = ENDS[kind]
    made = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token=last))
    made.pre_tokenizer, made.normalizer = pre_tokenizers.Whitespace(), normalizers.Lowercase()
    ends = [end for end in (first, last) if end]
    trainer = trainers.BpeTrainer(
        vocab_size=90, special_tokens=ends, end_of_word_suffix="</w>", show_progress=False
    )
    made.train_from_iterator(TEXTS, trainer)
    special = [(end, made.token_to_id(end)) for end in ends]
    made.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}".strip(), special_tokens=special
    )
    return made


def save(folder, kind="clip", seed=0):
    """Write a random model and its tokenizer; both as transformers' own objects."""
    import torch
    import transformers

    inner = tokenizer(kind)
    last = inner.token_to_id(ENDS[kind][1])
    reader = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token=ENDS[kind][1], model_max_length=LENGTH
    )
    special = {"bos_token_id": 0, "eos_token_id": last, "pad_token_id": last}
    words = {"vocab_size": inner.get_vocab_size(), "max_position_embeddings": LENGTH} | special | SHAPE
    sizes = {"text_config": words, "vision_config": {"image_size": SIZE, "patch_size": 8} | SHAPE}
    if kind == "clip":
        config = transformers.CLIPConfig(**sizes, projection_dim=20)
    else:
        config = transformers.SiglipConfig(**sizes)
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        model = transformers.AutoModel.from_config(config).eval()
    model.save_pretrained(folder)
    reader.save_pretrained(folder)
    return model, reader
