# SPDX-License-Identifier: GPL-2.0
"""What a bench was measured on and with."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import axes
from .config import Config
from .guest import TOP, out_dir

MODULES = TOP / "tools/testing/modules"
IMAGES = {"x86_64": "arch/x86/boot/bzImage", "arm64": "arch/arm64/boot/Image"}
QEMUS = {"x86_64": "qemu-system-x86_64", "arm64": "qemu-system-aarch64"}


class MetaError(Exception):
    """Something that must be there before a bench can start is not."""


def build_dir(arch: str) -> Path:
    """Where the kernel was built."""
    return out_dir() / arch / "build"


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise MetaError(f"{command[0]}: {error}") from None
    return (done.stdout.splitlines() or [""])[0].strip()


def _commit() -> str:
    """The commit, with a mark when tracked files differ from it."""
    git = ["git", "-C", str(TOP)]
    try:
        commit = _first_line([*git, "rev-parse", "--short=12", "HEAD"])
        changed = _first_line([*git, "status", "--porcelain", "--untracked-files=no"])
    except MetaError:
        return "unknown"
    return commit + ("+changes" if changed else "")


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def image_hash(arch: str) -> str:
    """Names the kernel, its modules and the guest that figures belong to."""
    digest = hashlib.sha256()
    built = {"kernel": build_dir(arch) / IMAGES[arch],
             "guest": out_dir() / arch / "guest/initramfs.gz"}
    for target, path in built.items():
        try:
            digest.update(path.read_bytes())
        except OSError:
            raise MetaError(f"{path} is missing: run `make {target} ARCH={arch}`") from None
    for source in sorted([MODULES / "ioflush_late.c", MODULES / "ioflush_maptime.c",
                          *MODULES.glob("pgbench*.[ch]")]):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def qemu_version(arch: str) -> str:
    """Of the emulator that is installed."""
    return _first_line([QEMUS[arch], "--version"])


def _of_arch(arch: str, image: str, qemu: str) -> dict[str, str]:
    """What belongs to one architecture."""
    release = build_dir(arch) / "include/config/kernel.release"
    return {
        "kernel": release.read_text().strip() if release.exists() else "unknown",
        "qemu": qemu,
        "iommu": axes.IOMMU_OF[arch],
        "image": image,
    }


def command(config: Config) -> str:
    """What makes the same report; what of it is done is then not measured again."""
    return " ".join(("make bench", *config.asked))


def collect(config: Config, images: dict[str, str], qemus: dict[str, str]) -> dict[str, Any]:
    """The `meta` object of results.json, but for what changes as the bench goes on."""
    return {
        "command": command(config),
        "commit": _commit(),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "tool": "none",
        "runs": config.runs,
        "duration_s": config.duration_s,
        "loops": config.loops,
        "batches": config.batches,
        "host": f"{_cpu_model()}, {os.cpu_count()} CPUs, no KVM",
        "arches": {arch: _of_arch(arch, images[arch], qemus[arch]) for arch in config.arches},
    }


def of_arch(meta: dict[str, Any], arch: str) -> dict[str, Any]:
    """The same, with what belongs to one architecture in place of all."""
    return {**meta, **meta["arches"][arch], "arch": arch}
