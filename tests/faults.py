"""Faults that the tests must catch: each is planted in a copy of the package by tests/test_faults.py.

A fault is something that somebody has once written, here or in another library, and that lets a
training look well while it is wrong.
"""

from typing import NamedTuple


class Fault(NamedTuple):
    """One line written wrongly."""

    file: str  # under src/headstart
    old: str  # occurs once
    new: str
    why: str
    tests: str  # under tests/, with the words that -k selects after a space


FAULTS = (
    # the loop
    Fault(
        "run/loop.py",
        "self.step, self.accumulate = state",
        "_, self.accumulate = state",
        "a resumed run starts at step 0",
        "run/test_lbfgs.py goes_on_with_the_same_bytes",
    ),
    Fault(
        "run/loop.py",
        'optimiser.load_state_dict(state["optimisers"][name])',
        "pass",
        "a resumed run has forgotten its momentum",
        "run/test_lbfgs.py goes_on_with_the_same_bytes",
    ),
    Fault(
        "run/loop.py",
        'self.notes = state["notes"]',
        "pass",
        "a resumed run has forgotten its best score",
        "run/test_watch.py stops_at_the_same_step",
    ),
    Fault(
        "run/loop.py",
        "rest(run.parts, move.train)",
        "pass",
        "a closed-form update in whatever mode was left",
        "run/test_loop.py moves_happen_in_order",
    ),
    Fault(
        "run/loop.py",
        "fold(run.recipe.seed, run.step, run.engine.rank)",
        "fold(run.recipe.seed, run.engine.rank)",
        "the same dropout in every step",
        "run/test_descent.py dropout_is_a_function",
    ),
    Fault(
        "run/loop.py",
        '"factor": on.lr,',
        '"factor": 1.0,',
        "one learning rate for all",
        "run/test_loop.py own_rate",
    ),
    Fault(
        "run/loop.py",
        "run.recipe.weight_decay if on.weight_decay is None else on.weight_decay",
        "on.weight_decay or run.recipe.weight_decay",
        "no way to turn the weight decay off",
        "run/test_loop.py weight_decay",
    ),
    Fault(
        "run/loop.py",
        "Ctx(run.step, run.step / steps,",
        "Ctx(run.step, (run.step + 1) / steps,",
        "the schedule is one step ahead",
        "run/test_loop.py own_rate",
    ),
    # a step
    Fault(
        "run/descent.py",
        "share = len(piece) / len(batch)",
        "share = 1 / pieces",
        "rows of a short part count more",
        "run/test_descent.py uneven_parts",
    ),
    Fault(
        "run/descent.py",
        "pieces = min(run.accumulate, len(batch))",
        "pieces = run.accumulate",
        "the mean of no rows",
        "run/test_descent.py short_last_batch",
    ),
    Fault(
        "run/descent.py",
        'elif ctx.progress >= group["since"]:',
        "else:",
        "what is to learn later learns at once",
        "run/test_loop.py since",
    ),
    Fault(
        "run/descent.py",
        'group["lr"] = rate * group["factor"]',
        'group["lr"] *= group["factor"]',
        "a rate that shrinks from step to step",
        "run/test_loop.py own_rate",
    ),
    Fault(
        "run/descent.py",
        "    let_learn(run.parts, learning)\n",
        "",
        "frozen layers in training mode",
        "run/test_modes.py frozen_statistics",
    ),
    Fault(
        "run/descent.py",
        "if not math.isfinite(loss.total.item()) or not math.isfinite(norm.item()):",
        "if not math.isfinite(loss.total.item()):",
        "a gradient that is no number is applied",
        "run/test_descent.py not_a_number_stops",
    ),
    Fault(
        "run/descent.py",
        "        statistics.restore()\n        weights.restore()\n",
        "        weights.restore()\n",
        "a row that is no number stays in the statistics",
        "run/test_descent.py not_a_number_stops",
    ),
    Fault(
        "run/descent.py",
        "            statistics.restore()\n            run.accumulate",
        "            run.accumulate",
        "a batch that was computed anew counts twice in the statistics",
        "run/test_descent.py counted_once",
    ),
    Fault(
        "run/descent.py",
        "_out_of_memory(error) and run.rowwise and",
        "_out_of_memory(error) and",
        "a contrastive loss over half the rows",
        "run/test_descent.py never_computed_in_parts",
    ),
    Fault(
        "run/descent.py",
        "lerp_(value, 1 - self.decay)",
        "lerp_(value, self.decay)",
        "the average keeps what it should forget",
        "run/test_descent.py follows_statistics",
    ),
    Fault(
        "run/modes.py",
        "    parts.requires_grad_(False)\n",
        "",
        "what is frozen collects gradients",
        "run/test_modes.py only_what_learns",
    ),
    Fault(
        "run/recipe.py",
        "(progress + 1 / self.steps) / (self.warmup + 1 / self.steps)",
        "progress / self.warmup",
        "a first step of length 0",
        "run/test_recipe.py by_hand",
    ),
    # several processes
    Fault(
        "run/fabric_engine.py",
        "        flat /= self.world\n",
        "",
        "gradients are summed where they should be averaged",
        "run/test_fabric.py two_processes",
    ),
    Fault(
        "run/fabric_engine.py",
        "        dist.all_reduce(total)\n",
        "",
        "a gather whose backward forgets the other processes",
        "run/test_fabric.py two_processes",
    ),
    Fault(
        "run/fabric_engine.py",
        "rows * self.world / sum(self._counts(rows))",
        "1.0",
        "rows of a smaller share count more",
        "run/test_fabric.py two_processes",
    ),
    # what is kept
    Fault(
        "run/checkpoint.py",
        "temporary.replace(path)",
        "path.write_bytes(data); temporary.unlink()",
        "a file that can be found half-written",
        "run/test_checkpoint.py outgrows_its_limit or killed_writer",
    ),
    Fault(
        "run/checkpoint.py",
        'if metadata.get("digest") != _digest(tensors, metadata.get("skeleton", "")):',
        'if "skeleton" not in metadata:',
        "a damaged checkpoint is read",
        "run/test_checkpoint.py damaged_byte",
    ),
    Fault(
        "run/watch.py",
        'if tick["run"] != name or tick["step"] <= step:',
        "if True:",
        "steps that are done again are logged twice",
        "run/test_watch.py every_step_once",
    ),
    Fault(
        "run/watch.py",
        "    look()  # a run that was saved right before a look has yet to take it\n",
        "",
        "a resumed run stops later",
        "run/test_watch.py stops_at_the_same_step",
    ),
    Fault(
        "run/cache.py",
        "if _digest(file.read(size)) != digest:",
        "if not file.read(size):",
        "a damaged record is trained on",
        "run/test_cache.py flipped_byte",
    ),
    Fault(
        "run/cache.py",
        "        self._check(total)\n",
        "",
        "a record of another model is trained on",
        "run/test_cache.py does_not_fit_any_more",
    ),
    Fault(
        "run/cache.py",
        "np.maximum(views, 0) * self.rows + rows",
        "rows",
        "every view is the first",
        "run/test_cache.py views_are_recorded",
    ),
    Fault(
        "run/frozen.py",
        "            if _proven(run, replay, batch, plain.parts):\n                return replay",
        "            return replay",
        "a skip connection past the boundary is lost",
        "run/test_frozen.py is_training",
    ),
    Fault(
        "run/frozen.py",
        "part = parts[self.part].eval()",
        "part = parts[self.part]",
        "dropout is recorded",
        "run/test_frozen.py evaluation_mode",
    ),
    Fault(
        "run/frozen.py",
        "tensors |= _tensors(module, name, recurse=False)",
        "pass",
        "another position embedding, the same record",
        "run/test_frozen.py weights_of",
    ),
    # methods and what they share
    Fault(
        "methods/mapping/_tuning.py",
        "head = task.head or LinearHead",
        "head = LinearHead",
        "the head of the probe is thrown away",
        "methods/test_lpft.py exactly or carries",
    ),
    Fault(
        "methods/mapping/_tuning.py",
        "slice(-self.last, None)",
        "slice(self.last)",
        "the first blocks learn instead of the last",
        "methods/test_fine_tune.py settings_let_change",
    ),
    Fault(
        "methods/mapping/_tuning.py",
        "label_loss(logits, batch.y, self.smoothing)",
        "label_loss(logits, batch.y)",
        "labels are never smoothed",
        "methods/test_fine_tune.py by_hand",
    ),
    Fault(
        "methods/mapping/pretraining/from_scratch.py",
        "backbone.untrained(task.seed)",
        "backbone",
        "from scratch starts from what was learned",
        "methods/test_from_scratch.py not_looked_at",
    ),
    Fault(
        "methods/outputs/probing/_probe.py",
        "ctx.gather(features), ctx.gather(batch.y)",
        "features, batch.y",
        "each process solves for its own rows",
        "run/test_fabric.py two_processes",
    ),
    Fault(
        "methods/outputs/probing/nearest_centroid.py",
        "own = normalize(sums[labels] - z, dim=1)",
        "own = normalize(sums[labels], dim=1)",
        "a row is compared with itself, and the scale is too sure",
        "methods/test_nearest_centroid.py no_part",
    ),
    Fault(
        "methods/outputs/probing/knn.py",
        ".fill_diagonal_(-torch.inf)",
        "",
        "a row is its own nearest neighbour, so k is always 1",
        "methods/test_knn.py do_not_see_themselves",
    ),
    Fault(
        "nn/heads.py",
        "self.votes[which]",
        "self.votes[: which.shape[1]].expand(len(which), -1, -1)",
        "the first rows vote instead of the nearest",
        "methods/test_knn.py by_hand",
    ),
    Fault(
        "nn/bank.py",
        "        self.filled += len(labels)\n",
        "        self.filled.fill_(len(labels))\n",
        "only the last batch is remembered",
        "methods/test_logistic_probe.py whatever_the_batches",
    ),
    Fault(
        "solvers/choice.py",
        "return Choice(path.weight[best] * scale, path.bias[best] * scale,",
        "return Choice(path.weight[best] * scale, path.bias[best],",
        "the intercept is on another scale than the weights",
        "methods/test_ridge_probe.py best_scale",
    ),
    Fault(
        "solvers/ridge.py",
        "goal.value + goal.mean - residuals / room.T[..., None]",
        "goal.value + goal.mean - residuals",
        "rows that are left out have been seen",
        "methods/test_ridge_probe.py rows_left_out",
    ),
    Fault(
        "solvers/temperature.py",
        "if slope(middle) > 0 else",
        "if slope(middle) < 0 else",
        "the worst scale instead of the best",
        "methods/test_ridge_probe.py least_log_loss",
    ),
    Fault(
        "losses/label.py",
        "cross_entropy(logits.float(), y, label_smoothing=smoothing)",
        "cross_entropy(logits.float().softmax(1), y, label_smoothing=smoothing)",
        "a softmax of a softmax",
        "methods/test_fine_tune.py plain_loop",
    ),
)
