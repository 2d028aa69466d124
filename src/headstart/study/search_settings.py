"""What `search` may be told: its options and their record; knows no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Literal, Self

from .settings import Settings, option

Space = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """How `search` works; each field but `space` is an option of the command line.

    Attributes:
        methods: specs of the methods, such as "fine-tune:norm=train"; none: those of `search.DEFAULT`.
        space: by method, then by setting: (low, high), or a list of values, or the same as text,
            "1e-4..1e-2" and "frozen|train". Takes the place of the method's own ranges.
    """

    kind: ClassVar[str] = "search"

    methods: tuple[str, ...] = option(
        "A method to search among, settings that stay after a colon: fine-tune:norm=train; give several. "
        "None: logistic-probe, ridge-probe, fine-tune, lp-ft.",
        (),
    )
    trials: int = option("How many there are in all, with the one from scratch, at least 2.", 20)
    folds: int = option("Folds of the cross-validation on the training part, at least 2.", 3)
    budget: float | None = option("Seconds after which no fold is begun; none: as long as it takes.", None)
    epochs: int = option("Epochs of each training.", 5)
    test: float = option("Share of the rows that adapt will test on, and that is not looked at.", 0.2)
    size: int | None = option("Height and width of the pictures in pixels; else the backbone's own.", None)
    fit: Literal["crop", "pad", "squash"] = option(
        "Other aspect ratios: squash, add white, or cut the centre out.", "squash"
    )
    batch: int = option("Rows a training step.", 32)
    precision: Literal["float32", "bf16"] = option(
        "bf16 is faster on recent hardware, less exact.", "float32"
    )
    seed: int = option("Of all that is random.", 0)
    space: Space = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.methods, tuple):
            raise _refused("methods", self.methods, "a list of methods")
        if self.trials < 2:
            raise _refused("trials", self.trials, "a whole number >= 2")
        plain = {name: {k: written(v) for k, v in row.items()} for name, row in self.space.items()}
        object.__setattr__(self, "space", plain)
        self.common()

    def common(self) -> Settings:
        """What they have in common with `adapt`'s."""
        names = ("folds", "epochs", "test", "size", "fit", "batch", "precision", "seed")
        given = {name: getattr(self, name) for name in names}
        return Settings(**given if self.budget is None else {**given, "budget": self.budget})

    def record(self) -> dict[str, Any]:
        """JSON values, for `from_record`."""
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        return {"study": self.kind} | plain

    @classmethod
    def from_record(cls, values: dict[str, Any]) -> Self:
        """The inverse of `record`; fields of newer versions are passed over."""
        known = {f.name for f in fields(cls)}
        given: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k in known
        }
        return cls(**given)


def written(values: object) -> str:
    """A range (low, high) or a list of values as text: "1..6", "frozen|train"; text stays."""
    if isinstance(values, str):
        return values
    if isinstance(values, tuple) and len(values) == 2:
        return f"{values[0]!r}..{values[1]!r}"
    if isinstance(values, Sequence) and not isinstance(values, tuple):
        return "|".join(str(value) for value in values)
    raise _refused("space", values, "a pair (low, high), or a list of values")


def _refused(name: str, value: object, allowed: str) -> Exception:
    from headstart.core import BadInput

    return BadInput(f"--{name} is {value!r}; it must be {allowed}.")
