"""The ERP edge: its change feed as stock commands, and our decisions as its sales orders."""
