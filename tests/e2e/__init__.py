"""The whole way on the real parts."""
