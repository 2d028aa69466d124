"""Which learners are trained: those that were named, or the usual ones, and always the transfer baselines."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headstart.core import BadInput, Unknown
from headstart.core.label_kind import LabelKind
from headstart.face import spell
from headstart.learners import transfer
from headstart.learners.learner import Learner, Problem, make_learner, walk_learners
from headstart.learners.training import require_kind

USUAL = ("protonet", "maml", "neural-process")  # where none are named
SETTING = re.compile(r"\w+=")


@dataclass(frozen=True)
class Chosen:
    """Learners to train, and why some that would always be there are not."""

    learners: dict[str, Learner]  # by name, the baselines last
    baselines: frozenset[str]  # names of the transfer baselines among them
    notes: list[str]


def is_transfer(kind: type[Learner], frozen: bool) -> bool:
    """Whether it is a transfer baseline; on frozen features so is what learns nothing before a task."""
    return kind.__module__.startswith(f"{transfer.__name__}.") or (frozen and not kind.learned)


def named(specs: Iterable[str]) -> Iterator[str]:
    """The specs, of which each may hold several with commas; the start of a name that is clear is enough.

    Raises:
        Unknown: no learner has that name.
    """
    known = sorted(kind.name for kind in walk_learners())
    for spec in _apart(specs):
        name, colon, settings = spec.partition(":")
        begun = [one for one in known if one.startswith(name)]
        whole = name if name in known or len(begun) != 1 else begun[0]
        if whole not in known:
            raise Unknown("learner", name, known)
        yield f"{whole}{colon}{settings}"


def _apart(specs: Iterable[str]) -> list[str]:
    """Specs that stand between commas; what looks like a setting belongs to the spec before it."""
    found: list[str] = []
    for word in (word.strip() for spec in specs for word in spec.split(",")):
        if found and SETTING.match(word) and ":" in found[-1]:
            found[-1] += f",{word}"
        elif word:
            found.append(word)
    return found


def choose(specs: Iterable[str], problem: Problem, frozen: bool = False) -> Chosen:
    """The learners for a problem.

    Args:
        specs: that were asked for; none: the usual ones.
        problem: what tasks are like.
        frozen: whether inputs are features of a backbone.

    Raises:
        Unknown: no learner has such a name.
        BadInput: one of them can't learn such tasks.
    """
    asked = [make_learner(spec) for spec in named(specs)]
    for learner in asked:
        require_kind(learner, problem)
    kinds = {kind.name: kind for kind in walk_learners()}
    usual = [kinds[name]() for name in USUAL if name in kinds and problem.kind in kinds[name].kinds]
    notes, baselines = [], []
    for kind in kinds.values():
        if not is_transfer(kind, frozen) or problem.kind not in kind.kinds:
            continue
        if kind.pooled and not problem.pooled_outputs:
            notes.append(f"Left out: {kind.title}, since these tasks share no classes to learn first.")
        elif kind.name not in {learner.name for learner in asked}:
            baselines.append(kind())
    every = [*(asked or usual), *baselines]
    if not every:
        raise BadInput(f"No learner learns such tasks. Name one with {spell('learners', ...)}.")
    ordered = sorted(every, key=lambda learner: is_transfer(type(learner), frozen))
    found = {learner.label: learner for learner in ordered}
    of_transfer = (name for name, learner in found.items() if is_transfer(type(learner), frozen))
    return Chosen(found, frozenset(of_transfer), notes)


def answers_of(kind: LabelKind) -> str:
    """The metric of a kind of answers."""
    return "accuracy" if kind == "classes" else "mean_squared_error"
