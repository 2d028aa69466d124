"""How `shift` is computed: features of both domains, a classifier of the two, tests of single quantities."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from headstart.data.dataset import Dataset
from headstart.data.overlap import copies
from headstart.data.unlabelled import load_unlabelled
from headstart.metrics.shift.coverage import Support, support
from headstart.metrics.shift.discrepancy import Discrepancy, mmd, proxy_a_distance
from headstart.records.record import Interval
from headstart.session.inputs import backbone_for
from headstart.studies._inputs import UNLABELLED
from headstart.studies._runner import Job
from headstart.studies._spec import Study
from headstart.studies.shift import Drifted, LabelShift, ShiftSettings, words
from headstart.studies.shift.classes import moved, shares_of, with_shares
from headstart.studies.shift.domain_classifier import DomainClassifierResult, classify_domains
from headstart.studies.shift.domains import Domain, classes_of, draw_rows, name_in_command, read_source
from headstart.studies.shift.drift_tests import find_drift
from headstart.studies.shift.features import Features, by_backbone, columns_of
from headstart.studies.shift.outliers import least_similar

NEIGHBOUR, QUANTILE = 5, 0.95  # of what counts as within reach
FEWEST = 30  # source rows with the target's shares, to be compared with the target


def load(
    spec: Study, given: Mapping[str, Any], settings: ShiftSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """Both domains, the source with labels if it has any; the backbone if one is named."""
    kept = {name: column for name, column in columns.items() if name in UNLABELLED}
    source, backbone = read_source(given["source"], **kept), given.get("backbone")
    return {
        "source": source,
        "target": load_unlabelled(given["target"], source, **kept),
        "backbone": None if backbone is None else backbone_for(source, backbone, given.get("weights")),
        "_names": tuple(name_in_command(given[role], role) for role in ("source", "target")),
    }


def compute(job: Job[ShiftSettings]) -> dict[str, Any]:
    """The record's own fields."""
    settings, whole = job.settings, job.inputs["source"]
    with job.step("look at the data"):
        source = draw_rows(whole, settings.rows, settings.seed, "source")
        target = draw_rows(job.inputs["target"], settings.rows, settings.seed, "target")
    with job.step("look through both domains"):
        features = _features(job, source.data, target.data)
    with job.step("classify the domains"):
        apart = _classify(settings, features, np.arange(len(source)), source, target)
        reach = support(features.source, features.target, min(NEIGHBOUR, len(source) - 1), QUANTILE)
        test = mmd(features.source, features.target, seed=settings.seed, most=settings.rows)
    with job.step("compare single quantities"):
        drift = find_drift(source.data, target.data, settings.seed)
    with job.step("estimate the classes"):
        labels, why = _labels(settings, features, whole, source, target)
    twins = copies(source.data, target.data)
    figures = _figures(apart, test, reach, drift, labels, (len(source), len(target)))
    job.notes += [*words.warnings(figures), *source.notes(), *target.notes(), *features.notes]
    job.notes += [*why, *_about_copies(twins)]
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
        **_measured(apart, test, reach),
        "drift": drift,
        "labels": labels,
        "unlike": least_similar(target.data, apart.probability(), reach.inside),
        "copies": len({row for _, row in twins[0]}),
        "near_copies": len({row for _, row in twins[1]} - {row for _, row in twins[0]}),
        "verdict": words.verdict(figures),
        "headline": words.headline(figures),
        "say": words.sentences(figures),
        "next": words.commands(figures, *job.inputs["_names"]),
    }


def _features(job: Job[ShiftSettings], source: Dataset, target: Dataset) -> Features:
    backbone = job.inputs["backbone"]
    if source.table is not None or (backbone is None and source.modality.by_columns):
        return columns_of(source, target)
    cache = job.folder.path / "cache"
    return by_backbone((source, target), backbone, job.settings, cache, job.engine, job.progress)


def _classify(
    settings: ShiftSettings, features: Features, rows: np.ndarray, source: Domain, target: Domain
) -> DomainClassifierResult:
    """The classifier of these rows of the source and all of the target."""
    some = features.source[torch.from_numpy(rows)]
    groups = source.groups[rows], target.groups
    return classify_domains(some, features.target, groups, settings.folds, settings.seed)


def _labels(
    settings: ShiftSettings, features: Features, whole: Dataset, source: Domain, target: Domain
) -> tuple[LabelShift | None, list[str]]:
    """The target's classes and whether their shares explain the shift; and why there is nothing to say."""
    labels, seed = classes_of(whole, source), settings.seed
    if labels is None:
        return None, []
    shares = shares_of(features.source, features.target, labels, whole.classes, source.groups, seed)
    why, estimated = [shares.why] if shares.why else [], shares.found
    if estimated is None or not estimated.known or moved(estimated) < words.APART:
        return estimated, why
    rows = with_shares(labels, [share.target.value for share in estimated.shares], seed)
    if len(rows) < FEWEST:
        return estimated, why
    auc = _interval(_classify(settings, features, rows, source, target).auc)
    return replace(estimated, auc=auc), why


def _measured(apart: DomainClassifierResult, test: Discrepancy, reach: Support) -> dict[str, Any]:
    return {
        "auc": _interval(apart.auc),
        "error": apart.error,
        "distance": proxy_a_distance(error=apart.error),
        "mmd": test.value,
        "mmd_p": test.p_value,
        "inside": reach.share,
        "expected": QUANTILE,
        "effective": apart.effective,
        **dict(zip(("edges", "source_scores", "target_scores"), apart.binned(), strict=True)),
    }


def _figures(
    apart: DomainClassifierResult,
    test: Discrepancy,
    reach: Support,
    drift: list[Drifted],
    labels: LabelShift | None,
    rows: tuple[int, int],
) -> words.Figures:
    return words.Figures(
        auc=_interval(apart.auc),
        mmd_p=test.p_value,
        drifted=sum(one.drifted for one in drift),
        quantities=len(drift),
        inside=reach.share,
        effective=apart.effective,
        source_rows=rows[0],
        target_rows=rows[1],
        moved=moved(labels) if labels is not None and labels.known else 0.0,
        at_shares=None if labels is None else labels.auc,
    )


def _interval(figure: Any) -> Interval:
    return Interval(figure.value, figure.low, figure.high)


def _about_copies(twins: tuple[list[Any], list[Any]]) -> Iterator[str]:
    """Rows that stand on both sides make them look more alike than they are."""
    exact, near = (len({row for _, row in pairs}) for pairs in twins)
    if exact + near:
        which = " and ".join(f"{n:,} {how}" for n, how in ((exact, "exactly"), (near, "nearly")) if n)
        yield (
            f"Rows of the target that stand in the source too: {which}. They make the two look more alike, "
            f"and a model that learned from them is no test on them."
        )
