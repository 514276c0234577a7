"""A simulated market: real baskets bought at stand-in shops, a warehouse that ships, and the truth about both."""
