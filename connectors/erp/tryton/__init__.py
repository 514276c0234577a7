"""Tryton: rows, mapping and JSON-RPC client. Nothing here imports trytond."""
