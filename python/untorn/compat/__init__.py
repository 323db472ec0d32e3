# SPDX-License-Identifier: Apache-2.0
"""Modules with the names, arguments and behaviour of other packages, on this one."""
