"""Sets of adapters beside the nets of the tests."""

import torch
from tests.nn.adapters.nets import disturb, net
from tests.rounding import rounding

import headstart as hs


def side_car(name="encoder", **kinds):
    module, x = net(name)
    found = hs.Adapters(module, example=x)
    for key, kind in (
        kinds or {"one": hs.adapters.LoRA(rank=2), "two": hs.adapters.Bottlenecks(size=3)}
    ).items():
        found.add(key, kind)
        disturb(found._sets[key], 0.2)
    return module, x, found


def answers(found, x, *names):
    with found.use(*names) as model:
        return model(x).detach().clone()


def close(found, wanted):
    torch.testing.assert_close(found, wanted, rtol=0, atol=rounding(256, wanted.abs().max(), sums=8))
