# SPDX-License-Identifier: GPL-2.0
"""Boots one guest, and turns what it left behind into figures."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import axes, parse, storage, trace
from .config import Config
from .matrix import Boot, Cell

_PAGE = 4096

BENCH_DIR = Path(__file__).resolve().parent.parent
TOP = BENCH_DIR.parents[2]
QEMU_DIR = TOP / "tools/testing/qemu"
RUN_GUEST = QEMU_DIR / "run-guest"


def out_dir() -> Path:
    """Where everything built or measured goes."""
    out = Path(os.environ.get("IOFLUSH_OUT") or TOP / "out")
    kernel = os.environ.get("KERNEL") or "6.12"
    return out if kernel == "6.12" else out / kernel  # as in qemu/lib.sh


@dataclass
class Outcome:
    """What one guest yielded: a figure or a failure for each (test, metric)."""

    folder: str
    tool: str | None = None
    figures: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    failure: str | None = None
    extra: dict[str, int] = field(default_factory=dict)

    def figure(self, cell: Cell) -> float | None:
        """The figure of a cell, if the guest reported it."""
        named = self.figures.get(figure_name(cell.test, cell.metric, cell.stack))
        return self.figures.get(figure_name(cell.test, cell.metric)) if named is None else named

    @property
    def log(self) -> str:
        """The file to read when something went wrong."""
        for name in ("console.log", "run-guest.log"):
            if (Path(self.folder) / name).exists():
                return f"{self.folder}/{name}"
        return self.folder


def figure_name(*words: str) -> str:
    """How a figure is called in an outcome: test, metric, and maybe another stack."""
    return "/".join(words)


class Runner:
    """Boots guests for one bench, and stops them all when told to."""

    def __init__(self, config: Config, images: dict[str, str], qemus: dict[str, str]) -> None:
        self.config = config
        self.images = images  # by architecture: names the kernel and the guest
        self.qemus = qemus  # likewise: the version
        self.cells_dir = out_dir() / "bench"
        self._children: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()  # protects _children and _stopped
        self._stopped = False

    def command(self, boot: Boot, folder: Path) -> list[str]:
        """The run-guest call of a boot."""
        jobs = BENCH_DIR / "jobs"
        words = [str(RUN_GUEST), "--arch", boot.arch,
                 "--iommu", axes.base_iommu(boot.iommu),
                 "--stack", boot.stack, "--mode", boot.mode, "--clock", boot.clock,
                 "--nic", boot.nic if boot.nic in axes.NICS else "none",
                 "--job", str(jobs / boot.part), "--file", str(jobs / "lib.sh"),
                 "--file", f"{folder / 'params'}:params",
                 "--timeout", str(self._timeout_s(boot)), "--out", str(folder)]
        words += axes.VARIANT_ARGS.get(boot.iommu, ())
        if boot.part == storage.PART:
            words += ["--disk", boot.nic]
        elif boot.nic and boot.clock == "guest":
            words += axes.POLL_ARGS.get(boot.arch, ())
        if boot.engine:
            words += ["--append", f"ioflush.engine={boot.engine}"]
        if boot.sync_ns and boot.stack == "ioflush":
            words += ["--append", f"ioflush.sync_ns={boot.sync_ns}"]
        if boot.part in ("micro", "storm", "pgtable"):
            words.append("--edu")
        if boot.part in ("counts", "storm"):
            for pattern in trace.patterns(boot.iommu):
                words += ["--trace", pattern]
        return words

    def _timeout_s(self, boot: Boot) -> int:
        """Ten times what an idle machine needs: it takes long to poll all of the time."""
        tests = boot.tests(self.config.tests) if boot.part in axes.SYNC_TESTS else range(4)
        return 240 + len(tests) * self.config.duration_s * 120

    def params(self, boot: Boot) -> str:
        """What the job is told, as lines for its shell."""
        tests = boot.tests(self.config.tests)
        fio = storage.words_of(tests)
        keep = axes.KEPT if boot.keeps else ()
        # Mainline's take longer by a module, which the job loads.
        late_ns = boot.sync_ns if boot.stack == "mainline" else 0
        return (f'TESTS="{" ".join(tests)}"\nDURATION={self.config.duration_s}\n'
                f"SYNC_NS={boot.sync_ns}\nLATE_NS={late_ns}\n"
                f'KEEP="{" ".join(map(str, keep))}"\nFIO="{fio}"\n'
                f"LOOPS={self.config.loops}\nBATCHES={self.config.batches}\n")

    def key(self, boot: Boot) -> str:
        """Changes with all that a figure depends on.

        That is the kernel and the guest, QEMU, the job and its parameters, what boots
        the guest, and what makes figures of its report.
        """
        digest = hashlib.sha256(f"{self.images[boot.arch]}\n{self.qemus[boot.arch]}\n".encode())
        jobs, code = BENCH_DIR / "jobs", BENCH_DIR / "ioflush_bench"
        for path in (jobs / boot.part, jobs / "lib.sh", RUN_GUEST, QEMU_DIR / "lib.sh",
                     *(code / f"{name}.py"
                       for name in ("guest", "parse", "domains", "storage", "trace"))):
            digest.update(path.read_bytes())
        digest.update(self.params(boot).encode())
        digest.update(repr(self.command(boot, Path())).encode())
        digest.update(repr(sorted(asdict(boot).items())).encode())
        return digest.hexdigest()

    def reuse(self, boot: Boot) -> Outcome | None:
        """A complete earlier outcome of the very same measurement, if there is one."""
        if self.config.again:
            return None
        try:
            saved = json.loads((self.cells_dir / boot.slug / "outcome.json").read_text())
            if saved.pop("key") != self.key(boot):
                return None
            outcome = Outcome(**saved)
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return None if outcome.failure or outcome.failures else outcome

    def measure(self, boot: Boot) -> Outcome:
        """Boots the guest; whatever goes wrong is in the outcome."""
        folder = self.cells_dir / boot.slug
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "params").write_text(self.params(boot))
        outcome = Outcome(folder=str(folder))
        with open(folder / "run-guest.log", "wb") as log:
            status = self._run(self.command(boot, folder), log)
        self._collect(boot, folder, outcome)
        if status:
            outcome.failure = _why(folder, status)
        text = json.dumps({"key": self.key(boot), **asdict(outcome)}, indent=1)
        (folder / "outcome.json").write_text(text + "\n")
        return outcome

    def _run(self, command: list[str], log) -> int:
        with self._lock:
            if self._stopped:
                return 130
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                     stderr=subprocess.STDOUT, start_new_session=True)
            self._children.add(child)
        try:
            return child.wait()
        finally:
            with self._lock:
                self._children.discard(child)

    @property
    def stopped(self) -> bool:
        """Whether stop() was called."""
        return self._stopped

    def stop(self) -> None:
        """Ends every guest that is running, and lets no other one start."""
        with self._lock:
            self._stopped = True
            for child in self._children:
                os.killpg(child.pid, signal.SIGTERM)

    def _collect(self, boot: Boot, folder: Path, outcome: Outcome) -> None:
        try:
            report = parse.report((folder / "report").read_text(errors="replace"))
        except OSError:
            outcome.failure = "the guest reported nothing"
            return
        outcome.tool = report.tool
        outcome.failure = (report.mismatch(boot.iommu, boot.stack, boot.mode, boot.engine)
                           or report.late_mismatch(boot.sync_ns))
        if outcome.failure:
            return
        outcome.failures = report.failures
        if boot.part in ("counts", "storm"):
            self._count(boot, folder, report, outcome)
        else:
            outcome.figures = {figure_name(*name): value
                               for name, value in report.figures.items()}

    @staticmethod
    def _count(boot: Boot, folder: Path, report: parse.Report, outcome: Outcome) -> None:
        """What the trace holds, which is then no longer needed."""
        log = folder / "trace.log"
        fill = _storm if boot.part == "storm" else _counts
        try:
            with open(log, errors="replace") as lines:
                fill(trace.stretches(lines, boot.iommu), report, outcome)
            log.unlink()
        except (OSError, trace.TraceError) as error:
            tests = axes.STORM_TESTS.values() if boot.part == "storm" else (axes.COUNT_TEST,)
            outcome.failures.update((test, str(error)) for test in tests)


def _counts(found: list[trace.Counts], report: parse.Report, outcome: Outcome) -> None:
    """Divides by the kernel's unmaps in the same time."""
    if len(found) != 1:
        raise trace.TraceError(f"the trace has {len(found)} counted stretches, not one")
    totals = found[0].totals
    outcome.extra = {**found[0].events, "unmaps": report.unmaps or 0}
    if not report.unmaps:
        raise trace.TraceError("the kernel counted no unmaps")
    figures = {metric: totals[metric] / report.unmaps for metric in axes.COUNT_METRICS}
    if report.drains.get("bytes"):
        outcome.extra.update({f"drains_{name}": n for name, n in report.drains.items()})
        figures["precision"] = totals["pages"] / (report.drains["bytes"] / _PAGE)
        figures["pending_max"] = report.drains["max"] / 1024
    if len(report.domains) == 2:
        figures["table_pages"] = abs(report.domains["end"].live - report.domains["begin"].live)
    outcome.figures = {figure_name(axes.COUNT_TEST, metric): value
                       for metric, value in figures.items()}


def _storm(found: list[trace.Counts], _report: parse.Report, outcome: Outcome) -> None:
    """A stretch for each test, in their order."""
    if len(found) != len(axes.STORM_TESTS):
        raise trace.TraceError(f"the trace has {len(found)} counted stretches, "
                               f"not {len(axes.STORM_TESTS)}")
    for test, counts in zip(axes.STORM_TESTS.values(), found):
        outcome.figures[figure_name(test, "commands")] = counts.totals["invalidations"]
        outcome.extra.update({f"{test}_{event}": n for event, n in counts.events.items()})


def _why(folder: Path, status: int) -> str:
    """run-guest's verdict; without one, the last line that it wrote."""
    for name in ("status", "run-guest.log"):
        try:
            lines = (folder / name).read_text(errors="replace").split("\n")
        except OSError:
            continue
        said = [line.strip() for line in lines if line.strip() and line.strip() != "ok"]
        if said:
            return said[-1]
    return f"run-guest ended with status {status}"
