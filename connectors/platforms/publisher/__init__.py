"""The publisher: keeps every shop's listings at what can be sold, and cancels at the shop what cannot be served."""
