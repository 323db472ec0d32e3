# SPDX-License-Identifier: Apache-2.0
"""Counts what lies on the shelves."""
