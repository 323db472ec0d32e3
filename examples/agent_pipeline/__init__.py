# SPDX-License-Identifier: Apache-2.0
"""A small agent pipeline: phases work on a project, the answers are scripted."""

__version__ = "0.4.0"
