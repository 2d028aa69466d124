"""Faults about streams: what adapts must answer first, find back, be watched, and see no label."""

from tests.faults import Fault

STREAM = "streaming/"

STREAMING_FAULTS = (
    Fault(
        STREAM + "inputs.py",
        "own = copy.deepcopy(model) if isinstance(model, Model) else _cut(model)",
        "own = model if isinstance(model, Model) else _cut(model)",
        "the mode of the caller's model changes",
        "study/test_stream.py mode_of_the_given",
    ),
    Fault(
        STREAM + "adapter.py",
        "            optimiser.load_state_dict(copy.deepcopy(self._optimisers[name]))\n",
        "            pass\n",
        "after a reset the optimiser still goes where it went",
        "study/test_stream_guards.py a_reset_is_logged",
    ),
    Fault(
        STREAM + "stream_model.py",
        "        self._adapter.run.step, self._guarded.state = 0, self._guarded.fresh_state()\n",
        "        self._guarded.state = self._guarded.fresh_state()\n",
        "after a reset other random numbers are drawn",
        "study/test_stream.py reset_is_bit_for_bit",
    ),
    Fault(
        STREAM + "guarded.py",
        "        self.reset(events)\n        outputs = None",
        "        outputs = None",
        "an alarm has no consequence",
        "study/test_stream_guards.py answers_anew",
    ),
    Fault(
        STREAM + "guards.py",
        "        return both[-max(self.window, len(now)) :].clone()\n",
        "        return both.clone()\n",
        "what a guard remembers grows with the stream",
        "study/test_stream_guards.py collapse_by_hand or one_row",
    ),
    Fault(
        STREAM + "guards.py",
        "        limit = max(limit, before + self.gap)\n",
        "",
        "a stream of one class is taken for a collapse",
        "study/test_stream_guards.py says_too",
    ),
    Fault(
        STREAM + "adapter.py",
        '        return values | {"log": [asdict(event) for event in self.log]}\n',
        '        values["memories"] = [{} for _ in self.memories]\n'
        '        return values | {"log": [asdict(event) for event in self.log]}\n',
        "what guards remember is lost on resume",
        "study/test_stream_guards.py remember_is_saved",
    ),
    Fault(
        "studies/stream/prequential.py",
        "        source = next(entry.stream for entry in self.entries if entry.stream is not None)\n",
        "        source = next(entry.stream for entry in self.entries if entry.stream is not None)\n"
        "        _ = [entry.stream(x) for entry in self.entries if entry.stream is not None]\n",
        "each batch is learned from before it is judged",
        "study/test_prequential.py judged_by_hand",
    ),
    Fault(
        "studies/stream/prequential.py",
        "*([batches] if len(self._hits) >= FEW else [])",
        "*([batches] if len(self._hits) < 0 else [])",
        "rows of a batch are drawn as if they were independent",
        "study/test_prequential.py whole_batches",
    ),
    Fault(
        "data/streams.py",
        "return shift_pictures(x, known, seed=seed, rows=rows)",
        "return shift_pictures(x, known, seed=seed)",
        "the same row looks otherwise wherever it stands",
        "data/test_streams.py same_shift",
    ),
    Fault(
        "data/streams.py",
        "for n in range(len(shifts))])[back]\n    return",
        "for n in range(len(shifts))])\n    return",
        "labels of a mixed stream belong to other rows",
        "data/test_streams.py raw_samples",
    ),
)
