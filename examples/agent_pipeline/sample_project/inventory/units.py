# SPDX-License-Identifier: Apache-2.0
"""Units: pieces, boxes and pallets."""

PIECES = {"piece": 1, "box": 24, "pallet": 24 * 40}


def pieces(amount, unit):
    return amount * PIECES[unit]
