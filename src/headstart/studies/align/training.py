"""Which trainings `align` carries out, in which order, how long each is, and how long all of them take."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from headstart.methods.tuning import TuningSettings
from headstart.models.backbone import AnyBackbone
from headstart.predictor.predictor import Predictor
from headstart.report.text import pluralise, seconds
from headstart.studies._runner import Job, Trial
from headstart.studies.align import BASELINES, SOURCE_ONLY, AlignSettings
from headstart.studies.align.budget import AlignBudget
from headstart.studies.align.candidate import Candidate
from headstart.studies.align.selection import Trials, best
from headstart.studies.align.trial import EPOCHS, TrialRunner

LONGER = (1, 3, 9)  # times the usual epochs that source-only is tried with
MOST = 600  # steps of these; more than the usual ones are not needed where those are many


def untrained(backbone: AnyBackbone) -> bool:
    """Whether it is the caller's own module or the columns of a table, and not a backbone by name."""
    return backbone.source["kind"] in ("own", "table")


def slowly_learned(candidates: Sequence[Candidate], backbone: AnyBackbone) -> list[str]:
    """A note if methods train the caller's own module at the rate for one that has learned before."""
    tuned = [each.method for each in candidates if isinstance(each.method, TuningSettings)]
    slow = [method for method in tuned if method.at_full_rate().backbone_lr != method.backbone_lr]
    if backbone.source["kind"] != "own" or not backbone.learned or not slow:
        return []
    note = (
        f"Your own network learns at {slow[0].backbone_lr:g} of the rate of its head, as suits one that has "
        "learned before. If its weights are random, name methods, and source-only, with backbone_lr=1.0."
    )
    return [note]


@dataclass(frozen=True)
class Trainings:
    """The trainings of one study."""

    job: Job[AlignSettings]
    runner: TrialRunner
    candidates: Sequence[Candidate]  # source-only first
    saved: Predictor | None  # the model in the place of a source

    @cached_property
    def budget(self) -> AlignBudget:
        """What there is time for."""
        return AlignBudget(self.job, self.runner, self.candidates, self.saved is not None)

    def find_epochs(self) -> int:
        """Epochs of every training: those of the settings, or with which source-only is best on the source.

        Too short a training makes a weak baseline, and whatever is trained longer seems to help. Where the
        usual one of an untrained network has few steps, source-only is trained longer, too; the shortest of
        those that are best on held-out source rows is taken, for all methods.
        """
        given = self.job.settings.epochs
        lengths = [given or EPOCHS]
        if given is None and self.saved is None and untrained(self.job.inputs["backbone"]):
            longer = [EPOCHS * times for times in LONGER[1:]]
            lengths += [n for n in longer if self.runner.training_steps(n) <= MOST]
        lengths = self.budget.plan(lengths, shorter=given is None)
        if len(lengths) == 1:
            return lengths[0]
        alone = self.candidates[0]
        values = self.job.trials([self._trial(alone, 0, f"{epochs} epochs", epochs) for epochs in lengths])
        looks = {
            epochs: values[key]["evaluations"]
            for epochs in lengths
            if (key := (SOURCE_ONLY, 0, epochs)) in values
        }
        figures = {
            n: found[best(SOURCE_ONLY, found, "source")]["scores"]["source"] for n, found in looks.items()
        }
        return max(figures, key=lambda epochs: figures[epochs], default=lengths[0])

    def carry_out(self, epochs: int) -> tuple[dict[str, Trials], dict[tuple[str, int], str]]:
        """The trials of every method by seed, and why others have no value, by method and seed."""
        failed: dict[tuple[str, int, int], str] = {}
        planned = []
        for candidate in self.candidates:
            seeds = 1 if candidate.method.about.closed_form else self.job.settings.seeds
            first = "training on the source alone" if candidate.label in BASELINES else candidate.title
            rounds = [first, *(f"seed {seed} of all methods" for seed in range(1, seeds))]
            planned += [self._trial(candidate, *each, epochs) for each in enumerate(rounds)]
        planned.sort(key=lambda trial: int(trial.key[1]))  # a seed of all methods before the next
        self._tell_time(planned, failed)
        values = self.job.trials(planned, self.budget.seconds, failed, self.budget.kept)
        found: dict[str, dict[int, dict[str, Any]]] = {each.label: {} for each in self.candidates}
        for (label, seed, _), value in values.items():
            found[label][seed] = value
        return dict(found), {(label, seed): why for (label, seed, _), why in failed.items()}

    def _tell_time(self, planned: Sequence[Trial], failed: dict[tuple[str, int, int], str]) -> None:
        """Train on the source alone, and tell by the time of that how long all others take."""
        progress, steps = self.job.progress, self.job.folder.steps
        progress.expect({f"try {trial.name}": trial.seconds for trial in planned})
        self.job.trials(planned[:1], None, failed)
        ahead = [f"try {trial.name}" for trial in planned[1:] if not steps.done(f"try {trial.name}")]
        if ahead:
            left, takes = self.budget.left(), progress.estimate(ahead)
            time = f"about {seconds(takes)}"
            if self.budget.seconds is not None and takes > left:
                time = f"as many as fit into the {seconds(max(0.0, left))} that the budget leaves"
            said = f"{pluralise(len(ahead), 'training')} to go, {time}"
            progress.tell([("Methods", said)])

    def name(self, label: str, seed: int, epochs: int) -> str:
        """Of a training, unique in the study."""
        return f"{label}, seed {seed}" + ("" if epochs == self._usual else f", {pluralise(epochs, 'epoch')}")

    @property
    def _usual(self) -> int:
        return self.job.settings.epochs or EPOCHS

    def _trial(self, candidate: Candidate, seed: int, compared: str, epochs: int) -> Trial:
        label, once = candidate.label, candidate.method.about.closed_form
        name = self.name(label, seed, epochs)
        compute = partial(self.runner.run, candidate, seed, f"try {name}", epochs)
        if self.saved is not None and label == SOURCE_ONLY:
            compute = partial(self.runner.evaluate_unadapted, self.saved.model, f"try {name}")
        rows = 2 * self.runner.training_steps(epochs) * self.job.settings.batch
        stages = len(candidate.method.stages(self.runner.rows.source.label_kind))
        cost = 1.0 if once else stages * rows / self.runner.rows.source.modality.speed
        first = None if seed == 0 else (label, 0, epochs)
        measure = None if once else partial(self.budget.measure, candidate, epochs)
        key, title = (label, seed, epochs), f"{candidate.title}, seed {seed}"
        return Trial(key, name, title, compute, cost, compared, first, measure)
