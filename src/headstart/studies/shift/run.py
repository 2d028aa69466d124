"""How `shift` is computed: features of both domains, a classifier of the two, tests of single quantities."""

import base64
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import HeadstartError
from headstart.data.dataset import Dataset
from headstart.data.kind_of_target import keeping_unlabelled, labelled
from headstart.data.load import load as load_data
from headstart.data.overlap import copies
from headstart.data.unlabelled import load_unlabelled
from headstart.metrics.shift.coverage import support
from headstart.metrics.shift.discrepancy import mmd, proxy_a_distance
from headstart.session.inputs import build_backbone
from headstart.studies._runner import UNLABELLED, Job
from headstart.studies._spec import Study
from headstart.studies.shift import LabelShift, LeastSimilarRow, ShiftSettings, verdict
from headstart.studies.shift.classifiers import (
    DomainClassifierResult,
    classify_domains,
    estimate_shares,
    resample_shares,
)
from headstart.studies.shift.features import Domain, Features, draw_rows, extract_features
from headstart.studies.shift.quantities import find_drift

NEIGHBOUR, QUANTILE = 5, 0.95  # of what counts as within reach
FEWEST = 30  # source rows with the target's shares, to be compared with the target
SHOWN = 12  # rows least like the source
THUMBNAIL = 96  # pixels
LETTERS = 240  # of a text


def load(
    spec: Study, given: Mapping[str, Any], settings: ShiftSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """Both domains, the source with labels if it has any; the backbone if one is named."""
    kept = {name: column for name, column in columns.items() if name in UNLABELLED}
    source, backbone = _load_source(given["source"], kept), given.get("backbone")
    domains = {role: given[role] for role in ("source", "target")}
    return {
        "source": source,
        "target": load_unlabelled(given["target"], source, **kept),
        "backbone": None if backbone is None else build_backbone(source, backbone, given.get("weights")),
        "_names": [str(data) if isinstance(data, str | Path) else role for role, data in domains.items()],
        "_options": _options(kept),
    }


def _options(columns: Mapping[str, Any]) -> list[str]:
    """Those of a command that reads the same files, as words."""
    words = []
    for name, value in columns.items():
        several = [value] if isinstance(value, str) else list(value or ())
        if name != "categorical" and several:  # the only one that is given more than once
            several = [",".join(several)]
        for one in several if (name, value) != ("label_column", "label") else ():
            words += [f"--{name.replace('_', '-')}", one]
    return words


def _load_source(data: Any, columns: Mapping[str, Any]) -> Dataset:
    """With labels, or without if it has none; the error is that of reading it with labels."""
    if isinstance(data, Dataset):
        return data
    try:
        with keeping_unlabelled():
            return load_data(data, **columns)
    except HeadstartError as error:
        if columns.get("label_column", "label") != "label":
            raise
        try:
            return load_unlabelled(data)
        except HeadstartError:
            raise error from None


def compute(job: Job[ShiftSettings]) -> dict[str, Any]:
    """The record's own fields."""
    settings, roles, names = job.settings, ("source", "target"), job.inputs["_names"]
    with job.step("check the data"):
        source, target = (draw_rows(job.inputs[role], settings.rows, settings.seed, role) for role in roles)
    with job.step("extract features"):
        features = extract_features(job, source.data, target.data)
    with job.step("classify the domains"):
        domains = _classify(settings, features, np.arange(len(source)), source, target)
        reach = support(features.source, features.target, min(NEIGHBOUR, len(source) - 1), QUANTILE)
        test = mmd(features.source, features.target, seed=settings.seed, most=settings.rows)
    with job.step("compare single quantities"):
        drift = find_drift(source.data, target.data, settings.seed)
    with job.step("estimate the classes"):
        labels, why = _label_shift(job, features, source, target)
    exact, near = ({row for _, row in pairs} for pairs in copies(source.data, target.data))
    figures = verdict.Figures(
        auc=domains.auc,
        mmd_p=test.p_value,
        drifted=sum(quantity.drifted for quantity in drift),
        quantities=len(drift),
        inside=reach.share,
        effective=domains.effective,
        source_rows=len(source),
        target_rows=len(target),
        moved=_total_variation(labels) if labels is not None and labels.known else 0.0,
        at_shares=None if labels is None else labels.auc,
        width=features.source.shape[1],
    )
    job.notes += [*verdict.warnings(figures), *source.notes(), *target.notes(), *features.notes]
    job.notes += filter(None, (why, _about_copies(len(exact), len(near))))
    return {
        "source": source.data.name,
        "target": target.data.name,
        "kind": source.data.kind,
        "source_rows": source.total,
        "target_rows": target.total,
        "source_taken": len(source),
        "target_taken": len(target),
        "features": features.origin,
        "width": features.source.shape[1],
        "auc": domains.auc,
        "error": domains.error,
        "distance": proxy_a_distance(error=domains.error),
        "mmd": test.value,
        "mmd_p": test.p_value,
        "inside": reach.share,
        "expected": QUANTILE,
        "effective": domains.effective,
        **dict(zip(("edges", "source_scores", "target_scores"), domains.binned(), strict=True)),
        "drift": drift,
        "labels": labels,
        "unlike": least_similar(target.data, domains.probability(), reach.inside),
        "copies": len(exact),
        "near_copies": len(near - exact),
        "verdict": verdict.verdict(figures),
        "headline": verdict.headline(figures),
        "say": verdict.sentences(figures),
        "next": verdict.commands(figures, names[0], names[1], job.inputs["_options"]),
    }


def _classify(
    settings: ShiftSettings, features: Features, rows: NDArray[np.int64], source: Domain, target: Domain
) -> DomainClassifierResult:
    """The classifier of these rows of the source and all of the target."""
    some = features.source[torch.from_numpy(rows)]
    groups = source.groups[rows], target.groups
    return classify_domains(some, features.target, groups, settings.folds, settings.seed)


def _label_shift(
    job: Job[ShiftSettings], features: Features, source: Domain, target: Domain
) -> tuple[LabelShift | None, str]:
    """The target's shares of classes and whether they explain the shift; and why there are none."""
    if source.labels is None:
        return None, ""
    classes, seed = job.inputs["source"].classes, job.settings.seed
    there = np.flatnonzero(labelled(source.labels))
    known = source.labels[there]
    labels, why = estimate_shares(
        features.source[there], features.target, known, classes, source.groups[there], seed
    )
    if labels is None or not labels.known or _total_variation(labels) < verdict.APART:
        return labels, why
    rows = there[resample_shares(known, [share.target.value for share in labels.shares], seed)]
    if len(rows) < FEWEST:
        return labels, why
    return replace(labels, auc=_classify(job.settings, features, rows, source, target).auc), why


def _total_variation(labels: LabelShift) -> float:
    """Half the sum of the differences of the classes' shares."""
    return sum(abs(share.source - share.target.value) for share in labels.shares) / 2


def _about_copies(exact: int, near: int) -> str:
    """Rows that are in both domains make them look more alike than they are."""
    which = " and ".join(f"{n:,} {how}" for n, how in ((exact, "exactly"), (near, "nearly")) if n)
    return which and (
        f"Rows of the target that are in the source too: {which}. They make the two look more alike, and a "
        f"model that was trained on them is not tested by them."
    )


def least_similar(
    target: Dataset, probability: NDArray[np.float64], inside: NDArray[np.bool_]
) -> list[LeastSimilarRow]:
    """The rows that the classifier is surest of, one of each group of rows.

    Args:
        target: n rows.
        probability: (n,) that each is of the target.
        inside: (n,) whether the source has rows there.
    """
    order = np.argsort(-probability, kind="stable")
    groups = order if target.groups is None else target.groups[order]
    first = np.sort(np.unique(groups, return_index=True)[1])[:SHOWN]
    return [
        LeastSimilarRow(
            item=target.items[row],
            text=_text(target, row),
            picture=_thumbnail(target, row),
            probability=float(probability[row]),
            inside=bool(inside[row]),
        )
        for row in order[first].tolist()
    ]


def _text(data: Dataset, row: int) -> str:
    if data.table is not None:
        return data.table.shown(row)
    words = "" if data.texts is None else " ".join(data.texts[row].split())
    return words if len(words) <= LETTERS else f"{words[:LETTERS].rstrip()}…"


def _thumbnail(data: Dataset, row: int) -> str:
    """WebP in base64; "" if the row is no picture."""
    picture = data.picture(row)
    if picture is None:
        return ""
    stream = io.BytesIO()
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    picture.save(stream, "WEBP", quality=75)
    return base64.b64encode(stream.getvalue()).decode()
