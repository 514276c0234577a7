"""The demo: the whole stack, a market that sells real baskets, and the proof by SQL that the stock is right."""
