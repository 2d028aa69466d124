"""How the target of `align` differs from its source, on as many rows as the budget has time to read."""

import time
from dataclasses import replace

import numpy as np

from headstart.core import HeadstartError
from headstart.face import spell
from headstart.session.requirements import features
from headstart.studies._runner import Job, run_study
from headstart.studies.align import AlignSettings
from headstart.studies.align.data_split import AlignData
from headstart.studies.shift import SPEC, Shift, ShiftSettings

SHARE = 0.15  # of the budget, for reading the rows of both domains
FEWEST = 50  # rows of each, below which nothing is said of a shift
TIMED = 4  # rows whose reading is timed, after one that warms up


def measure_shift(job: Job[AlignSettings], rows: AlignData) -> Shift | None:
    """How the target differs; a study does not fail because that can't be measured."""
    source, backbone = rows.source.subset(rows.train), job.inputs["backbone"]
    inputs = {"source": source, "target": rows.target.subset(rows.learn), "backbone": backbone}
    try:
        with job.step("measure the shift"):
            most = rows_to_compare(job, rows)
            if most < min(FEWEST, len(source), len(inputs["target"])):
                job.notes.append(
                    f"The shift was not measured: a budget of {job.settings.budget:g} seconds has no time to "
                    f"read {FEWEST} rows of each domain for it. {spell('resume', True)} with a larger "
                    f"{spell('budget')} does it."
                )
                return None
            shift: Shift = run_study(SPEC, inputs, engine=job.engine, seed=job.settings.seed, rows=most)
        return replace(shift, command=job.folder.command)
    except HeadstartError as error:
        job.notes.append(f"The shift was not measured: {error}")
        return None


def rows_to_compare(job: Job[AlignSettings], rows: AlignData) -> int:
    """Rows of each domain that a share of the budget has time to read, by the time of a few."""
    usual, budget = ShiftSettings().rows, job.settings.budget
    if budget is None:
        return usual

    def decide() -> dict[str, int]:
        session = job.session(rows.source, rows.train)
        features(session, rows.train[:1])
        few = rows.train[np.linspace(0, len(rows.train) - 1, TIMED).astype(np.int64)]
        begun = time.perf_counter()
        features(session, few)
        each = (time.perf_counter() - begun) / TIMED
        return {"rows": int(min(usual, SHARE * budget / max(2 * each, 1e-9)))}

    return int(job.folder.steps.once(f"decide rows of the shift for {budget:g} s", decide)["rows"])
