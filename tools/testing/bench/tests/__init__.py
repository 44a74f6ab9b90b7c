# SPDX-License-Identifier: GPL-2.0
"""Tests of the bench's host side; none of them boots a guest."""
