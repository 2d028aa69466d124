"""Faults of what a block is, for tests/test_faults.py."""

from tests.faults import Fault

BLOCKS = (
    Fault(
        "models/blocks.py",
        "            found[last] = (*found[last], block)\n",
        "            pass\n",
        "a norm at the end belongs to no block",
        "models/test_blocks.py norm_at_the_end",
    ),
    Fault(
        "models/blocks.py",
        "        leading = () if found else tuple(blocks[: blocks.index(block)])\n",
        "        leading = ()\n",
        "a norm before the first block belongs to none",
        "models/test_blocks.py before_the_first",
    ),
    Fault(
        "models/blocks.py",
        "        if kinds[_kind(module)] > 1 or ",
        "        if ",
        "stages that are repeated are opened",
        "models/test_blocks.py repeated",
    ),
    Fault(
        "core/moves.py",
        "    return [member for name in names[blocks] for member in members.get(name, (name,))]\n",
        "    return list(names[blocks])\n",
        "the norm of a block does not learn with it",
        "models/test_blocks.py norm_at_the_end",
    ),
    Fault(
        "session/requirements.py",
        "start(stage, copy.deepcopy(backbone), replace(task, sources=(task,) * sources), recipe)\n",
        "pass\n",
        "what can't learn is refused after the others have run",
        "models/test_blocks.py can_learn_nothing",
    ),
)

FEWER = (
    Fault(
        "models/operations/repeated.py",
        "        return sorted([*self.fixed, *(free[number * len(free) // left] "
        "for number in range(left))])\n",
        "        return sorted([*self.fixed, *free[:left]])\n",
        "the first blocks stay, not evenly spaced ones",
        "models/test_fewer.py half_of_each_stage",
    ),
    Fault(
        "models/operations/fewer.py",
        '    made.note_operation(do="keep_blocks", '
        "kept={name: list(places) for name, places in kept.items()})\n",
        "    pass\n",
        "a smaller model is rebuilt as the whole one",
        "models/test_fewer.py rebuilt",
    ),
)
