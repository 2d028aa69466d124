"""The cases of `compare_records.py`, and what is called otherwise in other versions."""

from dataclasses import dataclass

KINDS = {"classes": "classification", "tags": "multilabel", "numbers": "regression"}

# Options by the word that cases use. Of the spellings the first that `headstart COMMAND --help` shows is
# taken, with its words for the values.
SPELLINGS: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "--label-kind": (("--task", KINDS), ("--label-kind", {}), ("--labels-are", {}), ("--target", {})),
    "--tune": (("--tune", {}), ("--tuned", {})),
    "--few": (("--target-labels", {}), ("--target-labelled", {}), ("--few", {})),
}


@dataclass(frozen=True)
class Case:
    """A study on small data.

    Attributes:
        name: of the case; its results lie in OUT, out/<name>.
        command: arguments; words of `SPELLINGS` are spelled as the checkout does.
        needs: cases whose output folders it reads.
        code: exit code that is right.
        tolerance: largest difference of two numbers, relative to 1 or to the larger of them.
        reason: of a tolerance that is not 0.
    """

    name: str
    command: str
    needs: tuple[str, ...] = ()
    code: int = 0
    tolerance: float = 0.0
    reason: str = ""

    @property
    def study(self) -> str:
        """The command."""
        return self.command.split()[0]


PINNED = "--budget 100000 --epochs 2"  # so that the clock decides nothing
CASES = (
    # adapt: every modality, every kind of label, a source, groups and a split, damaged files
    Case(
        "adapt-clipart",
        f"adapt clipart --per-class 8 --size 64 --folds 2 {PINNED} --method ridge-probe --method "
        "fine-tune:last=2",
    ),
    Case(
        "adapt-shapes",
        f"adapt shapes --size 32 --folds 2 --no-curve {PINNED} --method norm-tuning --method logistic-probe "
        "--seed 1",
    ),
    Case("adapt-faulty", f"adapt faulty --size 32 --folds 2 --no-curve {PINNED} --method nearest-centroid"),
    Case(
        "adapt-reviews",
        f"adapt reviews --per-class 25 --size 16 --folds 2 {PINNED} --method ridge-probe --method knn "
        "--abstain 0.6",
    ),
    Case(
        "adapt-texts",
        f"adapt texts.csv --size 12 --folds 2 --no-curve {PINNED} --method fine-tune:last=2 --method "
        "logistic-probe",
    ),
    Case(
        "adapt-spambase",
        f"adapt spambase --per-class 60 --folds 3 {PINNED} --method fine-tune --method ridge-probe --method "
        "from-scratch",
    ),
    Case("adapt-pbmc", f"adapt pbmc --per-class 8 --folds 2 --no-curve {PINNED} --method ridge-probe"),
    Case(
        "adapt-tags",
        f"adapt tags.csv --label-kind tags --folds 3 {PINNED} --method fine-tune --method logistic-probe",
    ),
    Case(
        "adapt-numbers",
        f"adapt numbers.csv --label-column price,weight --label-kind numbers --folds 3 {PINNED} --method "
        "fine-tune --method ridge-probe",
    ),
    Case(
        "adapt-source",
        f"adapt labelled.csv --source source.csv --folds 2 --no-curve {PINNED} --method multi-task --method "
        "pretrain-fine-tune --method ridge-probe",
    ),
    Case(
        "adapt-groups",
        "adapt grouped.csv --attribute-column ground --group-column person --split-column part "
        f"--categorical zip --folds 2 --no-curve {PINNED} --method group-dro --method fine-tune",
    ),
    # align: classes, tags and numbers; labelled rows of the target; without labels; without the source
    Case(
        "align-tables",
        "align --source source.csv --target target.csv --seeds 2 --epochs 3 --looks 2 --method dann "
        "--method coral --method source-only",
    ),
    Case(
        "align-few",
        "align --source source.csv --target target.csv --few labelled.csv --seeds 1 --epochs 2 --looks "
        "2 --method dan --method mcc --select dev --unlabelled",
    ),
    Case(
        "align-tags",
        "align --source flags.csv --target flags-target.csv --label-column warm,wet,windy --seeds 2 "
        "--epochs 2 --looks 2 --method deep-coral --select source",
    ),
    Case(
        "align-numbers",
        "align --source numbers.csv --target numbers-target.csv --label-column price --seeds 1 --epochs "
        "2 --looks 2 --method importance-weighting --method deep-coral --select source",
    ),
    Case(
        "align-shapes",
        "align --source shapes --target dim-shapes --size 32 --seeds 1 --epochs 1 --looks 1 --method "
        "domain-norm --last 2",
    ),
    Case(
        "align-texts",
        "align --source texts.csv --target texts-target.csv --size 12 --seeds 1 --epochs 1 --looks 1 "
        "--method subspace-alignment --select snd",
    ),
    Case(
        "align-free",
        "align --source out/adapt-shapes --target dim-shapes --seeds 1 --epochs 2 --looks 2 --method "
        "shot --select bnm",
        needs=("adapt-shapes",),
    ),
    # studies of one data set
    Case(
        "curve-digits",
        "curve digits --per-class 20 --size 32 --labels 1,4 --seeds 2 --epochs 1 --method ridge-probe "
        "--method fine-tune:last=2 --steps 3",
    ),
    Case(
        "curve-tags",
        "curve tags.csv --label-kind tags --labels 10,40 --seeds 3 --epochs 2 --method from-scratch "
        "--method ridge-probe --steps 5",
    ),
    Case(
        "curve-numbers",
        "curve numbers.csv --label-column price --labels 10,40 --seeds 2 --method ridge-probe --method knn",
    ),
    Case(
        "curve-reviews", "curve reviews --per-class 30 --size 12 --labels 2,8 --seeds 2 --method ridge-probe"
    ),
    Case(
        "probe-clipart",
        "probe clipart --per-class 8 --size 64 --probe ridge --probe logistic --probe knn --control 1 "
        "--folds 2",
    ),
    Case("probe-attentive", "probe shapes --size 32 --probe attentive --control 1 --folds 2"),
    Case("probe-texts", "probe texts.csv --size 12 --control 2"),
    Case("probe-tags", "probe tags.csv --label-kind tags --probe ridge --probe knn --control 1"),
    Case("probe-numbers", "probe numbers.csv --label-column price,weight --label-kind numbers --control 2"),
    Case(
        "search-spambase",
        "search spambase --per-class 60 --trials 5 --folds 2 --epochs 1 --method ridge-probe --method "
        "fine-tune --range fine-tune:backbone_lr=0.1..1.0",
    ),
    Case(
        "search-shapes",
        "search shapes --size 32 --trials 4 --folds 2 --epochs 1 --method logistic-probe --method lp-ft",
    ),
    Case("search-numbers", "search numbers.csv --label-column price --trials 4 --folds 2 --epochs 1"),
    # studies of two domains, and of a model
    Case("shift-tables", "shift source.csv target.csv --folds 3"),
    Case("shift-same", "shift source.csv source.csv --rows 60 --folds 2"),
    Case("shift-texts", "shift texts.csv texts-target.csv --size 12"),
    Case("shift-shapes", "shift shapes dim-shapes --size 32"),
    Case("shift-arrays", "shift arrays.npz arrays-target.npz --folds 2"),
    Case("shift-columns", "shift flags.csv flags-target.csv --label-column warm,wet,windy"),
    Case("shortcuts-shapes", "shortcuts out/adapt-shapes dim-shapes --rows 30", needs=("adapt-shapes",)),
    Case(
        "shortcuts-groups",
        "shortcuts out/adapt-groups grouped.csv --attribute-column ground --group-column person "
        "--split-column part --categorical zip --rounds 2",
        needs=("adapt-groups",),
    ),
    Case(
        "shortcuts-texts",
        "shortcuts out/adapt-texts texts-target.csv --word please --word soup",
        needs=("adapt-texts",),
    ),
    Case("evaluate-shapes", "evaluate out/adapt-shapes dim-shapes", needs=("adapt-shapes",)),
    Case(
        "evaluate-groups",
        "evaluate out/adapt-groups grouped.csv --group-column person --split-column part",
        needs=("adapt-groups",),
    ),
    Case("evaluate-texts", "evaluate out/adapt-texts texts-target.csv", needs=("adapt-texts",)),
    Case(
        "stream-folder", "stream out/adapt-shapes stream --batch 8 --seed 3", needs=("adapt-shapes",), code=3
    ),
    Case(
        "stream-labels",
        "stream out/adapt-shapes dim-shapes --labels --shuffle --method eata:lr=0.01 --batch 8",
        needs=("adapt-shapes",),
    ),
    Case(
        "stream-table",
        "stream out/adapt-source rows.csv --method lame --shuffle",
        needs=("adapt-source",),
    ),
    Case(
        "translate-style",
        "translate --source shapes --target dim-shapes --target-test dim-shapes --side 16 --method style",
    ),
    Case(
        "translate-cyclegan",
        "translate --source shapes --target dim-shapes --run out/adapt-shapes --target-test dim-shapes "
        "--side 32 --method cyclegan:width=4 --steps 4 --batch 8 --tries 2 --direction to-source",
        needs=("adapt-shapes",),
    ),
    Case(
        "translate-arrays",
        "translate --source arrays.npz --target arrays-target.npz --target-test arrays-target.npz "
        "--method cyclegan --steps 5",
    ),
    Case(
        "yosinski-digits",
        "yosinski digits --per-class 8 --backbone resnet18 --size 32 --cuts 2,5 --seeds 2 --epochs 1",
    ),
    Case(
        "yosinski-two",
        "yosinski shapes dim-shapes --backbone resnet18 --size 32 --cuts 3 --seeds 1 --epochs 1",
    ),
    Case(
        "rank-shapes",
        "rank shapes --size 32 --backbone efficientnet_lite0 --backbone resnet18 --weights "
        "resnet18=random --score logme --score h-score --score knn --score cka --tune ridge-probe",
    ),
    Case("rank-reviews", "rank reviews --per-class 30 --size 12"),
    Case("rank-tags", "rank tags.csv --label-kind tags --tune fine-tune --epochs 2"),
    Case("rank-numbers", "rank numbers.csv --label-column price --score logme"),
)
