"""Fewer repeated blocks: a smaller model of the same architecture, with the weights of what stays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from torch import nn

from headstart.core import BadInput
from headstart.face import spell
from headstart.models.anatomy import Anatomy
from headstart.models.layout import Tap
from headstart.models.surgery import duplicate, run
from headstart.models.tracing import quiet
from headstart.models.wrapped import AnyBackbone

from .repeated import Stage, child_name, is_block, repeated
from .report import Report, compare, state

Kept = dict[str, list[int]]  # for each container the places of the children that stay


def smaller(
    backbone: AnyBackbone, depth: float = 0.5, *, blocks: int | None = None
) -> tuple[AnyBackbone, Report]:
    """Copy a backbone with fewer of its repeated blocks; those that stay keep their weights.

    Blocks are repeated if they follow each other in one container and have the same class, as the layers of a
    transformer or the residual blocks of a stage do. Of each stage evenly spaced ones stay, of six layers the
    first, third and fifth, as DistilBERT begins (arXiv:1910.01108); a block that changes the shape of what
    passes through always does. The copy is run before it is returned. Its outputs are not those of the whole
    model: it is a start for training, such as by distillation.

    Args:
        backbone: of any architecture; it is not changed.
        depth: share of each stage's blocks that stay, rounded up, in (0, 1).
        blocks: that stay in all, >= 1, spread over the stages by their lengths; in the place of `depth`.

    Returns:
        The copy, which has no trained head, and the report. It is saved and opened as any other.

    Raises:
        BadInput: nothing is repeated, so many blocks can't be left, or the rest can't be run.
    """
    found = repeated(backbone)
    if not found:
        raise BadInput(
            f"{backbone.name} has no repeated blocks that could be left out: no two like blocks of several "
            "layers follow each other. Name a smaller backbone."
        )
    counts = _shares(found, depth) if blocks is None else _spread(found, blocks)
    wanted = dict(zip(found, counts, strict=True))
    return keep_blocks(backbone, _kept(backbone, wanted))


def depth_of(backbone: AnyBackbone) -> int:
    """How many repeated blocks a backbone has."""
    return sum(len(stage.places) for stage in repeated(backbone))


def keep_blocks(backbone: AnyBackbone, kept: Mapping[str, Sequence[int]]) -> tuple[AnyBackbone, Report]:
    """Copy a backbone with these children of each container, numbered anew.

    Args:
        backbone: is not changed.
        kept: for each container the places of the children that stay, rising.

    Raises:
        BadInput: the rest can't be run.
    """
    inner = duplicate(backbone.inner)
    names: dict[str, str | None] = {}
    for container, places in kept.items():
        names |= _take(inner, container, places)
    made = AnyBackbone(
        inner,
        _renamed(backbone.anatomy, names),
        backbone.name,
        backbone.source,
        backbone.preprocess,
        backbone.example,
    )
    made.tokens, made.notes = backbone.tokens, backbone.notes
    made.note_operation(do="keep_blocks", kept={name: list(places) for name, places in kept.items()})
    before, after = (sum(p.numel() for p in one.parameters()) for one in (backbone, made))
    left, of = (_count(one.inner, kept) for one in (made, backbone))
    made.name = f"{backbone.name.partition(', ')[0]}, {left} of {of} blocks"
    _require_running(made, backbone.width)
    title = f"{made.name}: {before:,} parameters -> {after:,}"
    whole = {_new_name(name, names): value for name, value in state(backbone.inner).items()}
    gone = [name for name in state(backbone.inner) if _new_name(name, names) is None]
    known = {name: value for name, value in whole.items() if name is not None}
    return made, compare(known, state(made.inner), title, {}, (f"{len(gone)} tensors left out",))


def _count(inner: nn.Module, containers: Iterable[str]) -> int:
    """Blocks in some containers."""
    return sum(is_block(one) for name in containers for one in inner.get_submodule(name).children())


# --- how many of each stage


def _shares(stages: Iterable[Stage], depth: float) -> list[int]:
    if not 0 < depth < 1:
        raise BadInput(f"{spell('depth')} is {depth}; it must be in (0, 1), the share of blocks that stay.")
    return [max(stage.least, -int(-depth * len(stage.places) // 1)) for stage in stages]


def _spread(stages: Sequence[Stage], blocks: int) -> list[int]:
    """`blocks` over the stages, by their lengths and no fewer than each needs."""
    counts, most = [stage.least for stage in stages], sum(len(stage.places) for stage in stages)
    if not sum(counts) <= blocks < most:
        raise BadInput(
            f"Of {most} repeated blocks {sum(counts)} to {most - 1} can be left, not {blocks}: of each stage "
            "one block stays, and those that change the shape of what passes through."
        )
    for _ in range(blocks - sum(counts)):
        room = [number for number, stage in enumerate(stages) if counts[number] < len(stage.places)]
        lean = min(room, key=lambda number: (counts[number] / len(stages[number].places), number))
        counts[lean] += 1
    return counts


def _kept(backbone: AnyBackbone, wanted: Mapping[Stage, int]) -> Kept:
    """The children of each container that stay: those of its stages, and all that belong to none."""
    gone: dict[str, set[int]] = {}
    for stage, count in wanted.items():
        gone.setdefault(stage.container, set()).update(set(stage.places) - set(stage.kept(count)))
    sizes = {name: len(list(backbone.inner.get_submodule(name).children())) for name in gone}
    return {name: [place for place in range(sizes[name]) if place not in out] for name, out in gone.items()}


# --- the copy


def _take(inner: nn.Module, container: str, places: Sequence[int]) -> dict[str, str | None]:
    """Leave only these children in a container, in place; the new name of each child, None of one gone."""
    module = inner.get_submodule(container)
    children = list(module.named_children())
    numbered = all(name.isdecimal() for name, _ in children)
    names: dict[str, str | None] = {child_name(container, name): None for name, _ in children}
    for name, _ in children:
        delattr(module, name)
    for number, place in enumerate(places):
        name, child = children[place]
        fresh = str(number) if numbered else name
        module.add_module(fresh, child)
        names[child_name(container, name)] = child_name(container, fresh)
    return names


def _new_name(name: str, names: Mapping[str, str | None]) -> str | None:
    """The name of a module or tensor in the copy; None of one that is gone."""
    pieces = name.split(".")
    for length in range(len(pieces), 0, -1):
        old = ".".join(pieces[:length])
        if old in names:
            new = names[old]
            return None if new is None else ".".join([new, *pieces[length:]])
    return name


def _renamed(parts: Anatomy, names: Mapping[str, str | None]) -> Anatomy:
    """The anatomy of the copy."""

    def fresh(old: Iterable[str]) -> tuple[str, ...]:
        return tuple(new for name in old if (new := _new_name(name, names)) is not None)

    taps = {name: (_new_name(name, names), tap) for name, tap in parts.taps.items()}
    members = {name: (_new_name(name, names), several) for name, several in parts.members.items()}
    return replace(
        parts,
        order=fresh(parts.order),
        blocks=fresh(parts.blocks),
        unused=fresh(parts.unused),
        shared=tuple(group for each in parts.shared if len(group := fresh(each)) > 1),
        outside=fresh(parts.outside),
        taps={
            new: Tap(module, tap.layout)
            for new, tap in taps.values()
            if new is not None and (module := _last_tap(tap.module, parts, names)) is not None
        },
        members={new: fresh(several) for new, several in members.values() if new is not None},
    )


def _last_tap(module: str, parts: Anatomy, names: Mapping[str, str | None]) -> str | None:
    """Where the output of a block is read; of a stage whose last block is gone, at the last that stays."""
    found = _new_name(module, names)
    if found is not None:
        return found
    gone = next(old for old in names if module == old or module.startswith(old + "."))
    container = gone.rpartition(".")[0]
    left = [new for old, new in names.items() if new is not None and old.rpartition(".")[0] == container]
    return left[-1] if left else None


def _require_running(made: AnyBackbone, width: int) -> None:
    try:
        with quiet(made):
            features = made(made.example)
            run(made.inner, made.normalised(made.example))
    except Exception as reason:
        raise BadInput(f"{made.name} can't be run: {reason}. Nothing was changed.") from reason
    if tuple(features.shape) != (len(made.example), width):
        raise BadInput(
            f"{made.name} gives {tuple(features.shape)} features, where {width} a row are wanted. Nothing "
            "was changed."
        )
