"""No gradient goes to a teacher, whatever its outputs are of."""

import pytest
import torch

from headstart.losses.distillation.soft_targets import soft_target_loss, soft_targets


@pytest.mark.parametrize("kind", ["classes", "tags", "numbers"])
def test_no_gradient_goes_to_the_teacher(kind):
    outputs = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    teacher = torch.randn(4, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    soft_target_loss(outputs, teacher, 2.0, kind).backward()
    assert teacher.grad is None
    assert outputs.grad.abs().sum() > 0
    assert not soft_targets(teacher, 2.0).requires_grad


def test_in_low_precision_it_is_computed_in_float32():
    outputs, teacher = torch.tensor([[30.0, -30.0]]), torch.tensor([[-30.0, 30.0]])
    low = soft_target_loss(outputs.bfloat16(), teacher.bfloat16(), 1.0, "classes")
    assert low.dtype == torch.float32
    torch.testing.assert_close(low, soft_target_loss(outputs, teacher, 1.0, "classes"))
