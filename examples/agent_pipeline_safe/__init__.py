# SPDX-License-Identifier: Apache-2.0
"""The example pipeline on the classes of untorn.pipeline: kill it when you like, start it again."""
