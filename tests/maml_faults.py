"""Faults in MAML and its family, for tests/test_faults.py."""

from tests.faults import Fault

INNER = (
    Fault(
        "learners/inner/descent.py",
        "create_graph=steps.twice,",
        "create_graph=False,",
        "second order is first order",
        "learners/test_maml.py closed_form",
    ),
    Fault(
        "learners/inner/descent.py",
        "return weight if graph and weight.requires_grad else weight.detach().requires_grad_()",
        "return weight.detach().requires_grad_()",
        "nothing is learned through an inner step",
        "learners/test_maml.py closed_form",
    ),
    Fault(
        "learners/inner/descent.py",
        "torch.stack([each.flatten(1).square().sum(1) for each in gradients]).sum(0)",
        "torch.stack([each.square().sum().expand(len(each)) for each in gradients]).sum(0)",
        "the gradient of a task is clipped by the norm of all tasks",
        "learners/test_inner_loop.py those_of_torch",
    ),
    Fault(
        "learners/inner/updates.py",
        'count = slots["count"] + 1',
        'count = slots["count"].clamp_min(1)',
        "Adam takes every step for its first",
        "learners/test_inner_loop.py those_of_torch",
    ),
    Fault(
        "nn/task_weights.py",
        "stack.enter_context(sdpa_kernel(SDPBackend.MATH))",
        "pass",
        "attention has no second derivative",
        "learners/test_maml.py finite_differences",
    ),
)

FAMILY = (
    Fault(
        "learners/optimisation/_settings.py",
        "slots.setdefault(name, {})[slot] = value",
        "pass",
        "momentum is lost where a state goes on",
        "learners/test_inner_loop.py going_on",
    ),
    Fault(
        "learners/optimisation/_settings.py",
        "return made if graph else {name: one.detach().clone() for name, one in made.items()}",
        "return made if graph else {name: one.detach() for name, one in made.items()}",
        "a state without steps is the learner's own memory",
        "learners/test_inner_loop.py no_steps",
    ),
    Fault(
        "learners/optimisation/_settings.py",
        "with torch.set_grad_enabled(graph):\n            x = forward_tasks(start.body, {}, x, way)",
        "with torch.no_grad():\n            x = forward_tasks(start.body, {}, x, way)",
        "the body does not learn through the steps of the head",
        "learners/test_anil.py through_the_steps",
    ),
    Fault(
        "learners/optimisation/_settings.py",
        "if len(start.rates) and self.steps > trained and not graph:",
        "if self.steps > trained and not graph:",
        "MAML warns of more steps, which help it",
        "learners/test_meta_sgd.py warned",
    ),
    Fault(
        "run/ways.py",
        "if not _near(other, first):",
        "if False:",
        "tasks are batched although the gradient differs",
        "learners/test_ways.py another_gradient",
    ),
    Fault(
        "run/ways.py",
        "with torch.random.fork_rng(list(range(torch.cuda.device_count()))):",
        "if True:",
        "the trial draws numbers of the training",
        "learners/test_ways.py draws_no_numbers",
    ),
    Fault(
        "learners/optimisation/reptile.py",
        "(one - state[name].mean(0))",
        "(one - state[name][0])",
        "the start moves to the first task alone",
        "learners/test_reptile.py way_back",
    ),
    Fault(
        "learners/optimisation/_start.py",
        'places = {name: layers.index(name.rpartition(".")[0]) for name in parameters}',
        "places = {name: 0 for name in parameters}",
        "all layers have the rate of the first",
        "learners/test_meta_sgd.py equal_rates",
    ),
    Fault(
        "nn/task_statistics.py",
        "if isinstance(module, TRACKING):",
        "if False:",
        "batch normalisations keep their running statistics",
        "learners/test_inner_loop.py rows_in_hand",
    ),
    Fault(
        "nn/task_statistics.py",
        "with _Normalising(_apart(norms, self.statistics)).during(norms):",
        "with _Normalising({}).during(norms):",
        "queries are normalised together",
        "learners/test_inner_loop.py by_the_support",
    ),
    Fault(
        "nn/task_statistics.py",
        "self.known[name] = _measured(wide)",
        "self.known[name] = _measured(wide.detach())",
        "nothing is learned through the statistics of the support",
        "learners/test_maml.py finite_differences",
    ),
    Fault(
        "nn/task_weights.py",
        "if recurrent and (needed or torch.is_grad_enabled()):",
        "if recurrent and needed:",
        "cuDNN computes recurrent layers in evaluation mode, which have no gradient there",
        "learners/test_ways.py no_recurrent_layer",
    ),
    Fault(
        "learners/optimisation/_settings.py",
        "        with kernels():",
        "        if True:",
        "steps that are computed again take other kernels of attention",
        "learners/test_inner_loop.py checkpointed",
    ),
)
