"""Change the vocabulary: rows of embeddings are kept by token."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Unknown, derive_seed
from headstart.models.operations.editor import M, ModelEditor, as_parameter, own, swap

from .report import Report

EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)


def new_vocabulary(
    model: M,
    old: Sequence[str],
    new: Sequence[str],
    *,
    layer: str | None = None,
    noise: float = 0.02,
    seed: int = 0,
    example: Tensor | None = None,
) -> tuple[M, Report]:
    """Copy a model with an embedding row for each new token; known tokens keep theirs, byte for byte.

    A new row is the mean of the old ones plus normal noise, so that a new token starts as an
    average one. A linear layer tied to the embedding gets the same rows, and stays tied; its bias is
    kept by token too, with the mean for new ones. A backbone of texts has no `tokens` any more: set
    those that give the new numbers.

    Args:
        model: a backbone, a model with a head, or any module with an embedding.
        old: the tokens in the order of its rows.
        new: the tokens in the order of the new rows.
        layer: the embedding's name; None finds the one with as many rows as `old`.
        noise: deviation of the noise, in deviations of the old rows in each feature, >= 0.
        seed: of the noise.
        example: old inputs (n, ...) for the forward of a plain module.

    Raises:
        BadInput: a token is named twice, or no token is kept, or there are several embeddings.
        Unknown: there is no such embedding.
    """
    if noise < 0:
        raise BadInput(f"noise is {noise}; a deviation is 0 or more.")
    for tokens in (old, new):
        if len(set(tokens)) != len(tokens) or not tokens:
            raise BadInput("A token is named twice." if tokens else "No token is named.")
    place = {token: row for row, token in enumerate(old)}
    rows = [place.get(token) for token in new]
    if all(row is None for row in rows):
        raise BadInput(
            f"No token of the {len(new)} new ones is among the {len(old)} old ones: nothing is kept."
        )
    return resize(model, len(old), rows, layer=layer, noise=noise, seed=seed, example=example)


def resize(
    model: M,
    count: int,
    rows: Sequence[int | None],
    *,
    layer: str | None = None,
    noise: float = 0.0,
    seed: int = 0,
    example: Tensor | None = None,
) -> tuple[M, Report]:
    """As `new_vocabulary`, by the index among `count` old rows of each new row; None is a new token."""
    editor = ModelEditor(model, example)
    name = _embedding(editor, count, layer)
    found: Any = editor.model.get_submodule(name)
    old = own(found, "weight", name)
    how = _swap(editor, old, _rows(old.detach(), rows, found.padding_idx, noise, seed), "mean and noise")
    for module in editor.model.modules():
        if module._parameters.get("weight") is found.weight:
            _tell(editor, module, rows, how)
        config = getattr(module, "config", None)
        if config is not None and getattr(config, "vocab_size", None) == count:
            config.vocab_size = len(rows)
    inputs = _inputs(editor, example, len(rows))
    if inputs is not None:
        editor.answer(inputs)
    kept = sum(row is not None for row in rows)
    notes = [] if inputs is not None else ["not run: there was no example"]
    if editor.mapping is not None and editor.mapping.tokens is not None:
        editor.mapping.tokens = None  # they are the old ones
        notes.append("how texts become ids is not known any more: set the copy's tokens")
    return editor.finish(
        f"{name}: {count} tokens -> {len(rows)}",
        how,
        f"kept by name: {kept}; new: {len(rows) - kept}; left out: {count - len(set(rows) - {None})}",
        *notes,
        operation={
            "do": "resize",
            "count": count,
            "rows": len(rows),
            "layer": name.removeprefix(editor.view.prefix),
            "padding": found.padding_idx,
        },
        example=inputs,
    )


def _inputs(editor: ModelEditor[M], given: Tensor | None, count: int) -> Tensor | None:
    """Example tokens in the new vocabulary; None if there is no example."""
    if given is None and editor.mapping is None:
        return None
    x = editor.view.example
    return x if x.is_floating_point() else x.clamp(max=count - 1)


def _embedding(editor: ModelEditor[M], count: int, layer: str | None) -> str:
    found = {n: m for n, m in editor.model.named_modules() if isinstance(m, EMBEDDINGS)}
    if layer is not None:
        full = next((n for n in (layer, editor.view.prefix + layer) if n in found), None)
        if full is None:
            raise Unknown("embedding", layer, found)
        if found[full].num_embeddings != count:
            raise BadInput(f"{full} has {found[full].num_embeddings} rows, but {count} old tokens are named.")
        return str(full)
    fitting = [n for n, m in found.items() if m.num_embeddings == count]
    if len(fitting) != 1:
        sizes = ", ".join(f"{n} ({m.num_embeddings} rows)" for n, m in found.items()) or "none"
        raise BadInput(
            f"Not one embedding has {count} rows, but {len(fitting)}; there is: {sizes}. Give layer=."
        )
    return str(fitting[0])


def _rows(old: Tensor, rows: Sequence[int | None], pad: int | None, noise: float, seed: int) -> Tensor:
    """Rows (new, ...): copied from their source, or the mean of the old rows plus noise."""
    real = [row for row in range(len(old)) if row != pad]
    base = old[real].double() if real else old.double()
    mean = base.mean(0)
    generator = torch.Generator().manual_seed(derive_seed(seed, "new_vocabulary"))
    drawn = torch.randn((len(rows), *old.shape[1:]), generator=generator, dtype=torch.float64).to(old.device)
    made = (mean + noise * base.std(0, correction=0) * drawn).to(old.dtype)
    for new, row in enumerate(rows):
        if row is not None:
            made[new] = old[row]
    return made


def _swap(editor: ModelEditor[M], old: nn.Parameter, value: Tensor, fresh_ones: str) -> dict[str, str]:
    fresh = as_parameter(old, value)
    swap(editor.model, old, fresh)
    return dict.fromkeys(editor.aliases(fresh), f"rows by token; new ones the {fresh_ones}")


def _tell(editor: ModelEditor[M], module: Any, rows: Sequence[int | None], how: dict[str, str]) -> None:
    """Update a layer whose rows have changed: counts, padding, the bias of a tied output."""
    if isinstance(module, EMBEDDINGS):
        module.num_embeddings = len(rows)
        pad = module.padding_idx
        module.padding_idx = rows.index(pad) if pad is not None and pad in rows else None
    elif isinstance(module, nn.Linear):
        module.out_features = len(rows)
        if module.bias is not None:
            made = _rows(module.bias.detach(), rows, None, 0.0, 0)
            how |= _swap(editor, module.bias, made, "mean")
