"""The stock of one SKU as a pure core: rows, decisions and their consequences. No clock, no random, no I/O."""
