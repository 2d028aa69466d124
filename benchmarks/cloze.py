"""Does a cloze start beat a random head at few labels? `python -m benchmarks.cloze`: minutes of one core.

No package brings a masked language model with real weights, so a small one learns here: a BertForMaskedLM
of two layers fills masks in unlabelled sentences of Rotten Tomatoes. Then both arms tune the same features at
the mask with few labelled ones: one from the rows of the words, one from a random head. Rows that are tested
are in none of these.
"""

import argparse
import warnings
from typing import Any

import numpy as np
import torch

import headstart as hs
from headstart.data.packaged import reviews
from headstart.models.cloze import calibrated, cloze

PATTERN, WORDS = "{} It was [MASK].", {"negative": ["bad", "terrible"], "positive": ["good", "great"]}
LABELS = (2, 8, 32)  # a class
MASKED, LENGTH, BATCH, RATE, VOCABULARY = 0.15, 32, 32, 1e-3, 4000
SHAPE = {"hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 192}
TEST = 300
SHORT = 8530  # sentences of Rotten Tomatoes, behind the reviews of IMDb


def tokenizer_of(texts: list[str]) -> Any:
    """Word pieces, as BERT's, of some texts."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=special, show_progress=False)
    made.train_from_iterator(texts, trainer)
    ends = [("[CLS]", 2), ("[SEP]", 3)]
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    named = {"pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]"}
    return PreTrainedTokenizerFast(tokenizer_object=made, **named)


def language_model(texts: list[str], reader: Any, steps: int) -> torch.nn.Module:
    """A small model that has filled masks in texts for so many steps."""
    from transformers import BertConfig, BertForMaskedLM

    torch.manual_seed(0)
    off = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    model: Any = BertForMaskedLM(
        BertConfig(vocab_size=len(reader), max_position_embeddings=64, **SHAPE, **off)
    )
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    rng, losses = np.random.default_rng(0), []
    for _ in range(steps):
        some = [texts[row] for row in rng.integers(len(texts), size=BATCH)]
        read = reader(some, padding=True, truncation=True, max_length=LENGTH, return_tensors="pt")
        ids = read["input_ids"]
        hidden = (torch.rand(ids.shape) < MASKED) & (ids > reader.mask_token_id)
        filled = ids.masked_fill(hidden, reader.mask_token_id)
        states = model.bert(filled, attention_mask=read["attention_mask"]).last_hidden_state
        loss = torch.nn.functional.cross_entropy(model.cls(states[hidden]), ids[hidden])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        rate.step()
        losses.append(float(loss))
    print(f"{steps} steps: loss {losses[0]:.2f}, mean of the last 50 {np.mean(losses[-50:]):.2f}", flush=True)
    made: torch.nn.Module = model.eval()
    return made


def accuracy(predictor: hs.Predictor, texts: list[str], labels: list[str]) -> float:
    """Share of the texts that get their label."""
    answers = predictor.predict(texts)
    return float(
        np.mean([str(getattr(one, "label", "")) == label for one, label in zip(answers, labels, strict=True)])
    )


def main() -> None:
    """Print accuracies of both starts for each number of labels, as means over seeds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pretraining", type=int, default=2000, help="steps of filling masks")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=15)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    data = reviews()
    assert data.texts is not None
    rows = np.random.default_rng(0).permutation(np.arange(len(data) - SHORT, len(data)))
    texts, labels = [data.texts[row] for row in rows], [data.classes[data.labels[row]] for row in rows]
    reader = tokenizer_of(texts[TEST:])
    model = language_model(texts[TEST:], reader, chosen.pretraining)
    words = dict(zip(sorted(set(labels)), WORDS.values(), strict=True))
    start = cloze(model, words, PATTERN, tokenizer=reader)
    for name, each in (("zero-shot", start), ("calibrated", calibrated(start))):
        predictor = hs.Predictor(each, each.classes, None)
        print(f"{name}: {accuracy(predictor, texts[:TEST], labels[:TEST]):.3f}", flush=True)
    for count in LABELS:
        found: dict[str, list[float]] = {"words": [], "random head": []}
        for seed in range(chosen.seeds):
            order = TEST + np.random.default_rng(seed).permutation(len(texts) - TEST)
            few = [row for name in words for row in [r for r in order if labels[r] == name][:count]]
            given = [texts[row] for row in few], [labels[row] for row in few]
            recipe = hs.Recipe(steps=chosen.steps, batch=16, lr=1e-3, seed=seed)
            for name, base in (("words", start), ("random head", start.backbone)):
                fitted = hs.fit("fine-tune", base, given, recipe)
                found[name].append(accuracy(fitted, texts[:TEST], labels[:TEST]))
        gains = np.subtract(found["words"], found["random head"])
        means = ", ".join(f"{name} {np.mean(values):.3f}" for name, values in found.items())
        error = np.std(gains, ddof=1) / len(gains) ** 0.5
        print(f"{count} labels a class: {means}; gain {gains.mean():+.3f} +- {error:.3f}", flush=True)


if __name__ == "__main__":
    main()
