"""A server of runs under load: failed requests, times, memory, batches, and runs that share a backbone.

Four ridge probes on EfficientNet-Lite0 (224 px) or MiniLM are served by `headstart serve`, each by a process
of its own or all by one. 100 clients, whose connections stay open, ask for one item at a time; they share the
cores with the server. Memory is what the kernel counts for a process: its share of pages (PSS).
`python -m benchmarks.serve_load --requests 10000`
"""

import argparse
import asyncio
import io
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

CLIENTS, TASKS = 100, 4
TEXT = "a film that I would see again with friends although its end came too late for the story it told"
WORDS = TEXT.split(" ")
Target = tuple[int, str]  # port and path


@dataclass(frozen=True)
class Load:
    """What many requests took."""

    seconds: float
    times: list[float]
    failed: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds

    def quantile(self, share: float) -> float:
        """Of the times, in milliseconds."""
        return 1000 * float(np.quantile(self.times, share))


def fit_runs(folder: Path, kind: str) -> list[Path]:
    """Probes for different labels of the same rows, each in a folder of its own."""
    import headstart as hs

    generator = np.random.default_rng(0)
    if kind == "pictures":
        x: object = generator.integers(0, 255, (24, 64, 64, 3), np.uint8)
    else:
        x = [" ".join(generator.permutation(WORDS)[:12]) for _ in range(24)]
    base = hs.models.backbone("efficientnet_lite0" if kind == "pictures" else "minilm")
    runs = [folder / f"task-{task}" for task in range(TASKS)]
    for task, run in enumerate(runs):
        labels = [f"class {generator.integers(2 + task)}" for _ in range(24)]
        hs.fit(hs.methods.RidgeProbe(), base, (x, labels)).save(run)
    return runs


def requests_of(kind: str, count: int) -> list[tuple[bytes, bytes]]:
    """Different items: the header line of their type, and bodies."""
    generator = np.random.default_rng(1)
    found = []
    for _ in range(count):
        if kind == "pictures":
            small = Image.fromarray(generator.integers(0, 255, (12, 16, 3), np.uint8))
            stream = io.BytesIO()
            small.resize((320, 240)).save(stream, "JPEG", quality=85)
            found.append((b"image/jpeg", stream.getvalue()))
        else:
            text = " ".join(generator.permutation(WORDS)[: generator.integers(6, 19)])
            found.append((b"application/json", json.dumps({"texts": [text]}).encode()))
    return found


@contextmanager
def server(runs: Sequence[Path]) -> Iterator[tuple[int, int]]:
    """The process and the port of a server of some runs."""
    command = [sys.executable, "-m", "headstart", "serve", *map(str, runs), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = next(line for line in process.stdout if "answers until" in line)
            yield process.pid, int(line.split()[0].rpartition(":")[2])
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    assert process.returncode == 0


async def ask(
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], path: str, request: tuple[bytes, bytes]
) -> bool:
    """Whether a request on an open connection is answered with 200."""
    reader, writer = streams
    kind, body = request
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nContent-Type: ".encode()
    )
    writer.write(head + kind + b"\r\n\r\n" + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    value = await reader.readexactly(length)
    return answer.startswith(b"HTTP/1.1 200") and b'"probability"' in value


async def load(
    targets: Sequence[Target], requests: Sequence[tuple[bytes, bytes]], count: int, clients: int
) -> Load:
    """Ask `count` times, `clients` at once, each of them one target."""
    numbers, times, failed = iter(range(count)), [], 0

    async def client(port: int, path: str) -> None:
        nonlocal failed
        streams = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            start = time.perf_counter()
            try:
                failed += not await ask(streams, path, requests[number % len(requests)])
            except (OSError, asyncio.IncompleteReadError):
                failed += 1
                streams = await asyncio.open_connection("127.0.0.1", port)
            times.append(time.perf_counter() - start)
        streams[1].close()

    start = time.perf_counter()
    await asyncio.gather(*(client(*targets[number % len(targets)]) for number in range(clients)))
    return Load(time.perf_counter() - start, times, failed)


def memory(pid: int, what: str = "Pss") -> float:
    """Of a process, in MB; "Pss_Anon" is what it has allocated itself, whatever other processes do."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:")) / 1024


def show(name: str, found: Load) -> None:
    print(
        f"{name}: {found.rate:.1f} answers/s, p50 {found.quantile(0.5):.0f} ms, "
        f"p99 {found.quantile(0.99):.0f} ms, "
        f"{found.failed} of {len(found.times)} failed",
        flush=True,
    )


def under_load(runs: Sequence[Path], requests: Sequence[tuple[bytes, bytes]], count: int) -> None:
    """One run: one request at a time, then 100 clients; and its memory."""
    with server(runs[:1]) as (pid, port):
        targets = [(port, "/predict")]
        asyncio.run(load(targets, requests, 50, 1))
        alone = asyncio.run(load(targets, requests, max(100, count // 20), 1))
        show("one at a time", alone)
        asyncio.run(load(targets, requests, count // 10, CLIENTS))
        before = memory(pid, "Pss_Anon")
        many = asyncio.run(load(targets, requests, count, CLIENTS))
        show(f"{CLIENTS} clients", many)
        after = memory(pid, "Pss_Anon")
        print(
            f"throughput: {many.rate / alone.rate:.2f}x; memory {before:.0f} MB, then {after:.0f} MB",
            flush=True,
        )


def shared(runs: Sequence[Path], requests: Sequence[tuple[bytes, bytes]], count: int) -> None:
    """All runs by one server, and each by its own, in turns."""
    with ExitStack() as stack:
        one = stack.enter_context(server(runs))
        four = [stack.enter_context(server([run])) for run in runs]
        together = [(one[1], f"/predict/{run.name}") for run in runs]
        apart = [(port, "/predict") for _, port in four]
        rates: dict[str, list[float]] = {"one server": [], "four servers": []}
        for _ in range(3):
            for name, targets in (("one server", together), ("four servers", apart)):
                found = asyncio.run(load(targets, requests, count, CLIENTS))
                show(f"{TASKS} runs, {name}", found)
                rates[name].append(found.rate)
        ours, theirs = memory(one[0]), sum(memory(pid) for pid, _ in four)
    faster = float(np.median(rates["one server"]) / np.median(rates["four servers"]))
    print(
        f"throughput: {faster:.2f}x; memory {ours:.0f} MB against {theirs:.0f} MB: {ours / theirs:.2f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--kinds", nargs="+", default=["pictures", "texts"])
    parser.add_argument("--parts", nargs="+", default=["load", "shared"])
    given = parser.parse_args()
    for kind in given.kinds:
        with tempfile.TemporaryDirectory() as folder:
            print(f"--- {kind}", flush=True)
            runs, requests = fit_runs(Path(folder), kind), requests_of(kind, 200)
            if "load" in given.parts:
                under_load(runs, requests, given.requests)
            if "shared" in given.parts:
                shared(runs, requests, max(CLIENTS, given.requests // 10))


if __name__ == "__main__":
    main()
