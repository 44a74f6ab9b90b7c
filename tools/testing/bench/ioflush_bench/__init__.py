# SPDX-License-Identifier: GPL-2.0
"""The bench: boots guests, measures both stacks, and reports the comparison."""
