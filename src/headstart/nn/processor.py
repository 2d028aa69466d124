"""Detection of the processor and of its bfloat16 support, once."""

import platform
from contextlib import suppress
from functools import cache
from pathlib import Path

import torch

UNITS = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")  # of x86-64 and of ARM, as torch names them


@cache
def name() -> str:
    """The model of the processor as its system calls it, and the vector instructions that torch uses."""
    found = platform.processor() or platform.machine()
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        found = next(line for line in lines if line.startswith("model name")).partition(":")[2].strip()
    return f"{found}, {torch.backends.cpu.get_cpu_capability()}"


@cache
def runs_bf16() -> bool:
    """Whether oneDNN's fused convolutions run in bfloat16 on this machine; torch raises otherwise.

    Tested by a trial, since `ONEDNN_MAX_CPU_ISA` hides instructions from oneDNN that torch still reports.
    """
    x = torch.ones(1, 1, 1, 1, dtype=torch.bfloat16)
    try:
        torch.ops.mkldnn._convolution_pointwise(x, x, x[0, 0, 0], [0, 0], [1, 1], [1, 1], 1, "none", [], "")
    except (RuntimeError, AttributeError):  # no such instructions, or a torch without oneDNN
        return False
    return True


@cache
def has_bf16_unit() -> bool:
    """Whether the processor has bfloat16 multiplication; without it bfloat16 is emulated."""
    if hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(name) for name in UNITS)
    return torch.cpu._is_avx512_bf16_supported() or has_amx()


@cache
def has_amx() -> bool:
    """Whether the processor multiplies tiles of bfloat16 (AMX), many times faster than float32."""
    return bool(torch.cpu._is_amx_tile_supported())


def bf16_is_fast(device: torch.device | str = "cpu") -> bool:
    """Whether computing in bfloat16 can be faster than in float32 on a device.

    On a CPU without a unit for it, bfloat16 is emulated and several times slower, or not supported at all.
    """
    device = torch.device(device)
    if device.type == "cpu":
        return has_bf16_unit() and runs_bf16()
    return device.type != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False)
