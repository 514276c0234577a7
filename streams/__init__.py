"""The Faust side: pure cores, the agents that use them, and the runtime that makes them exact and fast."""
