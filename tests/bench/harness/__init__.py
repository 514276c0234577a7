"""Measures one worker process of any peer on the same work. See tests/bench/README.md."""
