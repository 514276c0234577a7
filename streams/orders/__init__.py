"""The saga of one order as a pure core: what it asks of the stock, and what is decided. No clock, no random, no I/O."""
