"""Faults in generative models, in what is measured of their samples, and in what learns from them."""

from tests.faults import Fault

GENERATIVE_FAULTS = (
    Fault(
        "studies/generate/filling.py",
        "cells[name][int(places[row])] =",
        "cells[name][row] =",
        "cells are filled in beside rows without a label that is left out",
        "study/test_generate.py all_else_stays",
    ),
    Fault(
        "studies/generate/checks.py",
        "if table is None or not table.ids:",
        "if True:",
        "a table with a column of unique names ends in an error at the last check",
        "study/test_generate.py all_else_stays",
    ),
    Fault(
        "losses/generative.py",
        "return (1 - t) * noise + t * data, data - noise",
        "return (1 - t) * noise + t * data, noise - data",
        "the flow runs from data to noise",
        "losses/test_generative.py quarter_of_the_way",
    ),
    Fault(
        "solvers/flow.py",
        "second = velocity(x + first / steps, end)",
        "second = velocity(x + first / steps, start)",
        "Heun's second velocity is of the wrong time",
        "solvers/test_flow.py told_the_time",
    ),
    Fault(
        "generators/flow.py",
        "y = torch.where(hidden < self.unlabelled, _classes(velocity), batch.y)",
        "y = batch.y",
        "no class is hidden, so guidance subtracts what was never learned",
        "generators/test_generators.py hidden_class",
    ),
    Fault(
        "generators/flow.py",
        "return none + self.guidance * (told - none)",
        "return told + self.guidance * (told - none)",
        "guidance of 1 is already guidance of 2",
        "generators/test_generators.py guidance_of_one",
    ),
    Fault(
        "generators/generator.py",
        'seeds = torch.from_numpy(row_seeds(derive_seed(seed, "draw"), within, y))',
        'seeds = torch.from_numpy(row_seeds(derive_seed(seed, "draw"), np.arange(len(y)), y * 0))',
        "a sample depends on how many others are drawn",
        "generators/test_generators.py function_of_seed_class_and_place",
    ),
    Fault(
        "generators/spaces/numbers.py",
        "rows = rows.clamp(self.low, self.high)",
        "rows = rows + 0",
        "samples leave the range of the data",
        "generators/test_generators.py brought_back_and_counted",
    ),
    Fault(
        "metrics/generative.py",
        "distances[np.arange(len(some)), start + np.arange(len(some))] = np.inf",
        "distances[np.arange(len(some)), start + np.arange(len(some))] = 0",
        "a sample counts as its own neighbour",
        "metrics/test_generative.py nearest_neighbours or balls",
    ),
    Fault(
        "studies/adapt/generated_rows.py",
        "learn = np.concatenate([rows, np.arange(real, real + len(self.data))])",
        "learn = rows",
        "generated rows are not learned from",
        "study/test_generate.py weight_of_samples",
    ),
    Fault(
        "studies/adapt/generated_rows.py",
        '    require_unseen(inputs["_generated"], test)\n',
        "",
        "a generator gives test rows away",
        "study/test_generate.py seen_the_test_part",
    ),
    Fault(
        "studies/adapt/generated_rows.py",
        "weights = np.concatenate([np.ones(real), np.full(len(self.data), self.weight)])",
        "weights = np.ones(real + len(self.data))",
        "the weight of generated rows is ignored",
        "study/test_generate.py weight_of_samples",
    ),
    Fault(
        "generators/spaces/columns.py",
        "found[:, -1], known[:, -1] = -1.0, True",
        "pass",
        "a cell is filled in as one that may be missing, by the middle of its column",
        "generators/test_generators.py asked_for",
    ),
    Fault(
        "studies/adapt/generated_rows.py",
        "return path.parent if beside_it is not None and beside_it.samples == path.name else None",
        "return None",
        "samples that were given without their run's folder may give test rows away",
        "study/test_generate.py seen_the_test_part",
    ),
)
