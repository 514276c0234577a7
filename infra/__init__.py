"""Running Skustream: the embedded stack, the command line, the market and the pages."""
