"""SQL of the history: migrations/ (frozen, numbered) and views/ (one file each)."""
