"""The command line `skustream`."""
