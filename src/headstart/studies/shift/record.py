"""What `shift` writes down: `shift.json`, schema 1. Plain data, which knows nothing of torch."""

from dataclasses import dataclass
from typing import Any

from headstart.records.record import Interval, Record

SCHEMA = 1


@dataclass(frozen=True)
class Drifted(Record):
    """One quantity in both domains: a column, or what can be said of a picture or a text in a number."""

    name: str
    kind: str  # "numbers"; "names" of a column; "missing": cells with nothing in them
    detail: str  # of names, the one whose share differs most; else ""
    source: float  # mean; of names the share of that one; of missing cells their share
    target: float
    statistic: float  # in [0, 1]: the largest difference of the distribution functions, or total variation
    p_value: float
    adjusted: float  # for the number of quantities (Benjamini & Hochberg)
    drifted: bool


@dataclass(frozen=True)
class ClassShare(Record):
    """How often a class occurs."""

    name: str
    source: float
    target: Interval  # estimated, if rows of a class look alike in both


@dataclass(frozen=True)
class LabelShift(Record):
    """The classes of the target, as black box shift estimation tells them."""

    shares: list[ClassShare]
    accuracy: float  # of the probe on source rows that it has not seen
    condition: float  # by how much errors in the shares of the answers may be enlarged, >= 1
    known: bool  # whether the intervals are narrow enough to tell anything
    auc: Interval | None  # how well source rows with these shares are told from the target; None: not asked


@dataclass(frozen=True)
class Unlike(Record):
    """A row of the target that looks least like the source."""

    item: str
    text: str  # of a text or a table
    picture: str  # WebP in base64; "" if it is no picture
    probability: float  # that it is of the target, if both were equally frequent
    inside: bool  # whether it lies where the source has rows


@dataclass(frozen=True)
class Shift(Record):
    """How a target differs from a source, without labels of the target."""

    schema: int
    headstart: str  # version
    command: str
    source: str  # name
    target: str
    kind: str  # "pictures", "texts", "tables" or "numbers"
    source_rows: int
    target_rows: int
    source_taken: int  # that were looked at
    target_taken: int
    features: str  # where they come from: a backbone, or "columns"
    width: int  # features a row
    auc: Interval  # of a classifier that tells the domains apart, on rows that it has not seen
    error: float  # its mean share of errors in both domains, 0.5 by chance
    distance: float  # proxy A-distance, 0 to 2
    mmd: float  # squared maximum mean discrepancy
    mmd_p: float  # how often chance makes one as large
    inside: float  # share of target rows that lie where the source has rows
    expected: float  # what that is without shift, about
    effective: float  # source rows that count alike and are as good as the weighted ones
    drift: list[Drifted]  # the largest difference first
    labels: LabelShift | None  # None: the source has no classes, or too many
    edges: list[float]  # of the bins of the classifier's probability
    source_scores: list[float]  # share of source rows in each bin
    target_scores: list[float]
    unlike: list[Unlike]
    copies: int  # target rows that stand in the source too
    near_copies: int
    verdict: str  # "none", "slight", "labels", "weights", "partly" or "apart"
    headline: str
    say: list[str]
    next: list[str]  # commands
    notes: list[str]
    settings: dict[str, Any]  # of `shift`
    seed: int
    versions: dict[str, str]
