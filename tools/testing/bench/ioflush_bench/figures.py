# SPDX-License-Identifier: GPL-2.0
"""Numbers as people read them."""

from __future__ import annotations


def number(value: float | None) -> str:
    """About four significant digits, thousands separated; a dash for nothing."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    for limit, digits in ((100, 1), (1, 2), (0.1, 3)):
        if size >= limit:
            return f"{value:.{digits}f}"
    return f"{value:.4f}"


def ratio(value: float | None) -> str:
    """A ratio with two decimals; more where it is small."""
    if value is None:
        return "-"
    return f"{value:.2f}" if value >= 0.1 or value == 0 else f"{value:.4f}"


def spread(low: float, high: float) -> str:
    """The span between two ratios."""
    if ratio(low) == ratio(high):
        return ratio(low)
    return f"{ratio(low)} to {ratio(high)}"
