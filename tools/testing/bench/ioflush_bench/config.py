# SPDX-License-Identifier: GPL-2.0
"""What to measure: taken from the environment, checked before anything runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Mapping

from . import axes


class ConfigError(Exception):
    """Something was asked for that does not exist; the text names the choices."""


@dataclass(frozen=True)
class Config:
    """One bench, as asked for."""

    arches: tuple[str, ...]
    stacks: tuple[str, ...]
    modes: tuple[str, ...]
    nics: tuple[str, ...]
    tests: tuple[str, ...]
    clocks: tuple[str, ...]
    parts: tuple[str, ...]
    engines: tuple[str, ...]
    runs: int
    duration_s: int
    loops: int
    batches: int
    parallel: int
    quick: bool
    resume: bool


def _words(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a variable, in the order of the choices; all when unset."""
    asked = env.get(name, "").replace(",", " ").split()
    for word in asked:
        if word not in choices:
            raise ConfigError(f"{name}={word} is not known; choose from: {' '.join(choices)}")
    return tuple(choice for choice in choices if choice in asked) or choices


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


def from_environment(env: Mapping[str, str] = os.environ) -> Config:
    """Reads the variables that `bench --help` lists."""
    quick = _flag(env, "QUICK")
    return Config(
        arches=_words(env, "ARCH", axes.ARCHES),
        stacks=_words(env, "STACKS", axes.STACKS),
        modes=_words(env, "MODES", axes.MODES),
        nics=_words(env, "NICS", axes.NICS),
        tests=_words(env, "TESTS", axes.TESTS),
        clocks=_words(env, "CLOCKS", axes.CLOCKS),
        parts=_words(env, "PARTS", axes.PARTS),
        engines=_words(env, "ENGINES", axes.ENGINES),
        runs=_number(env, "RUNS", 1 if quick else 3, 99),
        duration_s=_number(env, "DURATION", 1, 600),
        loops=_number(env, "LOOPS", 10240, 10_000_000),
        batches=_number(env, "BATCHES", 16, 100_000),
        parallel=_number(env, "JOBS", os.cpu_count() or 1, 64),
        quick=quick,
        resume=_flag(env, "RESUME"),
    )
