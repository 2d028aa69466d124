"""See claims of the textbook happen on small data, each with its figure, its numbers and a verdict.

A claim says what is measured, and by which rule it holds: the 95 % interval over seeds of each effect lies
above a margin that was fixed before the first run. With `null=True` the cause is taken away: then no claim
may hold. Claims and seeds share what they have in common, such as pre-trained encoders.

Raises:
    Unknown: no claim has that name; the message suggests the nearest.
    BadInput: neither names nor `all_claims`; a setting out of range; on resuming, another study's folder.
    CannotWrite: the folder is not empty or can't be written to.
    MissingPackage: a claim that was named needs a package that is not installed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from headstart.face import spell
from headstart.records.claims import TestedClaim
from headstart.records.settings import StudySettings, option, whole
from headstart.studies._spec import UNDERSTAND, Figure, Input, Study, StudyRecord, optional_input


@dataclass(frozen=True, kw_only=True)
class ClaimsSettings(StudySettings):
    """How `claims` works."""

    kind: ClassVar[str] = "claims"

    all_claims: bool = option("All claims.", False, flag="all")
    quick: bool = option("Small data, a minute or less for each claim. The default.", False)
    full: bool = option("Larger data and more steps.", False)
    null: bool = option("The control: take away the cause of each claim, so that none may hold.", False)
    seeds: int | None = option("Seeds of each claim. Default: its own, 5 or more.", None, whole(2))
    jobs: int | None = option(
        "Processes at once. Default: as many as there are cores; in Python 1.", None, whole(1)
    )
    seed: int = option("Random seed, which all others are derived from.", 0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.quick and self.full:
            from headstart.core import BadInput

            raise BadInput(f"Choose one of {spell('quick', True)} and {spell('full', True)}.")


@dataclass(frozen=True, kw_only=True)
class Claims(StudyRecord):
    """Claims, what was measured, and whether they hold here."""

    tier: str  # "quick" or "full"
    null: bool  # whether the causes were taken away
    claims: list[TestedClaim]  # in the order of the gallery

    main_tables: ClassVar[tuple[str, ...]] = ("claims",)

    @property
    def figure(self) -> Figure | None:
        """The share of the claims that hold; of a control there is none."""
        if self.null or not self.claims:
            return None
        return Figure(
            "claims_held", sum(claim.verdict == "holds" for claim in self.claims) / len(self.claims)
        )

    @property
    def subject(self) -> str:
        """The claim, or how many there are."""
        return self.claims[0].name if len(self.claims) == 1 else f"{len(self.claims)} claims"


SPEC = Study(
    name="claims",
    summary="See the textbook's claims about transfer happen, each with a figure and a verdict.",
    examples=(
        "headstart claims",
        "headstart claims feature-distortion",
        "headstart claims --all --quick --out runs/claims",
        "headstart claims start-regularises --notebook claim.ipynb",
    ),
    inputs=(
        Input(
            name="names",
            help="Names or numbers of claims; none lists them all.",
            kind="value",
            required=False,
            positional=True,
            default=None,
            several=True,
            digested=False,
        ),
        optional_input(
            name="notebook",
            help="File to write a notebook into that runs the claim step by step, in the place of a run.",
            kind="value",
            hint=Path,
            metavar="FILE",
            digested=False,
        ),
    ),
    settings=ClaimsSettings,
    record=Claims,
    group=UNDERSTAND,
    schema=1,
    function="check_claims",
    columns=False,
    resumed=("jobs",),
    answers=True,
)
