"""Replace the first layer for inputs with other columns; weights are kept by column name."""

from collections.abc import Sequence

from torch import Tensor, nn

from headstart.core import BadInput, Unknown
from headstart.models.operations.editor import M, ModelEditor, as_parameter, own

from .report import Report


def new_columns(
    model: M, old: Sequence[str], new: Sequence[str], *, example: Tensor | None = None
) -> tuple[M, Report]:
    """Copy a model whose first linear layer takes other columns; old ones keep their weights by name.

    The weights of a new column are 0, so that it has no effect before training. Batch normalisation
    before the layer keeps its statistics and weights by name too; a new column starts with mean 0,
    variance 1.

    Args:
        model: a backbone, a model with a head, or any module that begins with a linear layer.
        old: the names of its columns, in order.
        new: the names of the new columns, in order.
        example: old inputs (n, columns) for the forward of a plain module.

    Raises:
        BadInput: names are given twice, their number is wrong, or no column is kept.
    """
    editor = ModelEditor(model, example)
    rows = _places(old, new)
    leading = _leading(editor, len(old))
    how: dict[str, str] = {}
    for name, layer in leading:
        for part, fill in _COLUMNS[isinstance(layer, nn.Linear)].items():
            tensor = getattr(layer, part, None)
            if tensor is None:
                continue
            own(layer, part, name) if part in {"weight", "bias"} else None
            made = _by_name(tensor.detach(), rows, fill)
            setattr(layer, part, as_parameter(tensor, made) if isinstance(tensor, nn.Parameter) else made)
            how[f"{name}.{part}"] = f"columns by name, new ones {fill:g}"
        setattr(layer, "in_features" if isinstance(layer, nn.Linear) else "num_features", len(new))
    inputs = _by_name(editor.view.example, rows, 0.0)
    editor.answer(inputs)
    gone, fresh = [one for one in old if one not in new], [one for one in new if one not in old]
    said = f"new: {', '.join(fresh) or 'none'}; left out: {', '.join(gone) or 'none'}"
    return editor.finish(
        f"{leading[-1][0]}: {len(old)} columns -> {len(new)}",
        how,
        f"kept by name: {len(new) - len(fresh)}; {said}",
        operation={"do": "new_columns", "old": list(old), "new": list(new)},
        example=inputs,
    )


_COLUMNS: dict[bool, dict[str, float]] = {
    True: {"weight": 0.0},
    False: {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0},
}


def _places(old: Sequence[str], new: Sequence[str]) -> list[int | None]:
    for names in (old, new):
        twice = [name for name in names if list(names).count(name) > 1]
        if twice or not names:
            raise BadInput(f"The column {twice[0]!r} is named twice." if twice else "No column is named.")
    place = {name: i for i, name in enumerate(old)}
    if not set(place) & set(new):
        raise Unknown("column of the model", new[0], old)
    return [place.get(name) for name in new]


def _by_name(x: Tensor, rows: list[int | None], fill: float) -> Tensor:
    """Rearrange the last axis; entries without a source are `fill`."""
    made = x.new_full((*x.shape[:-1], len(rows)), fill)
    for new, old in enumerate(rows):
        if old is not None:
            made[..., new] = x[..., old]
    return made


def _leading(editor: ModelEditor[M], columns: int) -> list[tuple[str, nn.Module]]:
    """The batch normalisations that run first, and the linear layer after them."""
    found: list[tuple[str, nn.Module]] = []
    for short in editor.view.parts.order:
        name = editor.view.prefix + short
        layer = editor.model.get_submodule(name)
        linear = isinstance(layer, nn.Linear)
        if not linear and not isinstance(layer, nn.modules.batchnorm._BatchNorm):
            raise BadInput(f"The first layer, {name}, is not linear but a {type(layer).__name__}.")
        size = layer.in_features if isinstance(layer, nn.Linear) else getattr(layer, "num_features", 0)
        if size != columns:
            raise BadInput(f"{columns} old columns are named, but {name} takes {size}.")
        found.append((name, layer))
        if linear:
            return found
    raise BadInput("The model has no linear layer.")
