# SPDX-License-Identifier: GPL-2.0
"""Reads and writes of disks by fio: what there is to measure, and how it is read.

The disk keeps nothing and costs no guest time: QEMU's null block driver behind an
emulated NVMe or virtio-blk device.  A figure is taken from the middle of a run, between
two samples of what the kernel has counted.  What of the time nobody wanted, a program in
the guest has taken; so instructions an I/O are those of everything, interrupts included,
whether the CPU was the bottleneck or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

DISKS = ("nvme", "virtio-blk")
METRICS = ("iops", "instructions")
PART = "storage"


@dataclass(frozen=True)
class Job:
    """What fio is told."""

    rw: str
    size: str
    depth: int

    @property
    def name(self) -> str:
        """How its results are called."""
        return f"{self.rw}_{self.size}_d{self.depth}"


_JOBS = (*(Job(rw, "4k", depth) for rw in ("randread", "randwrite") for depth in (1, 32, 128)),
         Job("read", "128k", 32), Job("write", "128k", 32))

#: All jobs by name; and those of a bench that is not told.
JOBS = {job.name: job for job in _JOBS}
SHORT = ("randread_4k_d1", "randread_4k_d32", "randwrite_4k_d32", "read_128k_d32")


def jobs_of(tests: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the tests that are fio's."""
    return tuple(test for test in tests if test in JOBS)


def figures_of(tests: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Test and metric."""
    yield from ((test, metric) for test in jobs_of(tests) for metric in METRICS)


def words_of(tests: tuple[str, ...]) -> str:
    """The jobs as the guest's script takes them."""
    jobs = (JOBS[test] for test in jobs_of(tests))
    return " ".join(f"{job.name}:{job.rw}:{job.size}:{job.depth}" for job in jobs)


def parse(text: str) -> dict[str, float]:
    """Metrics of `from IOS NS UNUSED to IOS NS UNUSED`; ValueError if it is none."""
    words = text.split()
    if len(words) != 8 or (words[0], words[4]) != ("from", "to"):
        raise ValueError(f"two samples were expected: {text}")
    ios, ns, unused = (int(last) - int(first)
                       for first, last in zip(words[1:4], words[5:8]))
    if ios <= 0 or ns <= 0:
        raise ValueError(f"{ios} I/Os in {ns} ns")
    if not 0 <= unused <= ns:
        raise ValueError(f"{unused} of {ns} ns were not used")
    return {"iops": ios * 1e9 / ns, "instructions": (ns - unused) / ios}
