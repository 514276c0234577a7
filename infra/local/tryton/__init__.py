"""Tryton as the demo's ERP: its template database, its configuration and the command line that starts it."""
