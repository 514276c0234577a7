"""The live page: what an operator sees of the stock, the orders and the health of everything, read-only."""
