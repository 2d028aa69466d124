"""One thread in every test process: results depend on the number in their last bits, and speed more."""

import torch

torch.set_num_threads(1)
