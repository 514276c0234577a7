"""The embedded stack: every part of Skustream as ordinary processes of one user, without Docker."""
