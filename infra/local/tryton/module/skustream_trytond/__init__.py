# SPDX-License-Identifier: GPL-3.0-or-later
"""Tryton module: orders by external key, stock by SKU and location code."""
