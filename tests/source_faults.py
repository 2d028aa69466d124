"""Faults about a source task at hand: what of it is learned, how fast, and how much it counts."""

from tests.faults import Fault

SOURCE_FAULTS = (
    Fault(
        "core/batches.py",
        "return type(self)(target, source, self.scale * share)",
        "return type(self)(target, source, self.scale)",
        "rows of the source count more the fewer are in a part",
        "methods/test_multi_task.py add_up",
    ),
    Fault(
        "methods/mapping/joint/multi_task.py",
        "self.weight * batch.scale *",
        "batch.scale *",
        "the source always has the same say",
        "methods/test_multi_task.py by_hand",
    ),
    Fault(
        "methods/mapping/joint/multi_task.py",
        "            norm.track_running_stats = False\n",
        "            pass\n",
        "the shipped model normalises by a mixture of two data sets",
        "methods/test_multi_task.py running_statistics",
    ),
    Fault(
        "methods/mapping/pretraining/supervised.py",
        'given = {"steps": self.steps, "lr": self.lr}',
        'given = {"steps": self.steps}',
        "both parts learn at the second rate",
        "methods/test_pretrain_fine_tune.py by_hand or two_fine_tunings",
    ),
    Fault(
        "session/session_data.py",
        "return head if (own.label_kind, own.classes) == (target.label_kind, target.classes) else None",
        "return None",
        "a new head where the old one had learned the same labels",
        "methods/test_pretrain_fine_tune.py goes_along",
    ),
    Fault(
        "session/session_data.py",
        'labels = " then ".join(stage.label for stage in stages[: number + 1])',
        'labels = "all"',
        "a method begins with what another one has learned on the source",
        "study/test_source.py own_pretraining",
    ),
    Fault(
        "session/session.py",
        "**method.recipe_overrides(), precision",
        "precision",
        "K1, K2 and their rates are settings that do nothing",
        "methods/test_pretrain_fine_tune.py two_fine_tunings",
    ),
    Fault(
        "session/input_pipeline.py",
        'derive_seed(recipe.seed, "source")',
        "recipe.seed",
        "rows of both data sets always meet in the same pairs",
        "methods/test_multi_task.py same_order",
    ),
    Fault(
        "data/source_task.py",
        "if row not in twins]",
        "]",
        "rows of the test part are learned from in the source",
        "study/test_source.py left_out_and_said",
    ),
    Fault(
        "data/overlap.py",
        "return [(j - first, i) for i, j in pairs if i < first <= j]",
        "return []",
        "a copy in another size is no copy",
        "data/test_overlap.py look_like",
    ),
)
