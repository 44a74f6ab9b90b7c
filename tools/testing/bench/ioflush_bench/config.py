# SPDX-License-Identifier: GPL-2.0
"""What to measure: taken from the environment, checked before anything runs."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import Mapping

from . import axes, storage


class ConfigError(Exception):
    """Something was asked for that does not exist; the text names the choices."""


@dataclass(frozen=True)
class Config:
    """One bench, as asked for."""

    arches: tuple[str, ...]
    stacks: tuple[str, ...]
    modes: tuple[str, ...]
    nics: tuple[str, ...]
    disks: tuple[str, ...]
    tests: tuple[str, ...]
    clocks: tuple[str, ...]
    parts: tuple[str, ...]
    engines: tuple[str, ...]
    sync_ns: tuple[int, ...]
    runs: int
    duration_s: int
    loops: int
    batches: int
    parallel: int
    full: bool
    quick: bool
    again: bool
    #: What the environment said, as words for a command line; not whether to measure anew.
    asked: tuple[str, ...] = ()


#: Every variable that says what is measured.
VARIABLES = ("FULL", "QUICK", "ARCH", "STACKS", "MODES", "NICS", "DISKS", "TESTS", "CLOCKS",
             "PARTS", "ENGINES", "SYNC_NS", "RUNS", "DURATION", "LOOPS", "BATCHES")

#: What comes first in every bench, and is all of a quick one.
QUICK_PARTS = ("netperf", "micro")


def _words(env: Mapping[str, str], name: str, choices: tuple[str, ...],
           default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The words of a variable, in the order of the choices; the default, or all, when unset."""
    asked = env.get(name, "").replace(",", " ").split()
    for word in asked:
        if word not in choices:
            raise ConfigError(f"{name}={word} is not known; choose from: {' '.join(choices)}")
    return tuple(choice for choice in choices if choice in asked) or default or choices


def _number(env: Mapping[str, str], name: str, default: int, limit: int) -> int:
    """A variable that holds a count from 1 to a limit."""
    text = env.get(name, "") or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= limit:
        raise ConfigError(f"{name}={text} is not a number from 1 to {limit}")
    return int(text)


def _flag(env: Mapping[str, str], name: str) -> bool:
    """A variable that is 1, or else 0, empty or unset."""
    text = env.get(name, "")
    if text not in ("", "0", "1"):
        raise ConfigError(f"{name}={text} is neither 0 nor 1")
    return text == "1"


def _asked(env: Mapping[str, str]) -> tuple[str, ...]:
    """NAME=VALUE of each variable that is set, quoted for a shell."""
    return tuple(f"{name}={shlex.quote(' '.join(env[name].split()))}"
                 for name in VARIABLES if env.get(name, "").split())


def from_environment(env: Mapping[str, str] = os.environ) -> Config:
    """Reads the variables that `bench --help` lists.

    Three sizes: what can be waited for, its first part, and the whole matrix.  Each
    is a set of defaults, which the other variables overrule.
    """
    full, quick = _flag(env, "FULL"), _flag(env, "QUICK")
    if full and quick:
        raise ConfigError("FULL=1 and QUICK=1 contradict each other: set one of them")

    def sized(name: str, choices: tuple[str, ...], small: bool = not full) -> tuple[str, ...]:
        return _words(env, name, choices, choices[:1] if small else choices)

    return Config(
        arches=sized("ARCH", axes.ARCHES),
        stacks=_words(env, "STACKS", axes.STACKS),
        modes=_words(env, "MODES", axes.MODES),
        nics=sized("NICS", axes.NICS, quick),
        disks=sized("DISKS", storage.DISKS),
        tests=_words(env, "TESTS", axes.TESTS, () if full else axes.TESTS_DEFAULT),
        clocks=sized("CLOCKS", axes.CLOCKS),
        parts=_words(env, "PARTS", axes.PARTS, QUICK_PARTS if quick else ()),
        engines=sized("ENGINES", axes.ENGINES),
        sync_ns=tuple(int(word) for word in _words(
            env, "SYNC_NS", axes.SYNC_NS,
            axes.SYNC_NS_QUICK if quick else axes.SYNC_NS_DEFAULT)),
        runs=_number(env, "RUNS", 3 if full else 1, 99),
        duration_s=_number(env, "DURATION", 1, 600),
        loops=_number(env, "LOOPS", 10240, 10_000_000),
        batches=_number(env, "BATCHES", 16, 100_000),
        parallel=_number(env, "JOBS", os.cpu_count() or 1, 64),
        full=full,
        quick=quick,
        again=_flag(env, "AGAIN"),
        asked=_asked(env),
    )
