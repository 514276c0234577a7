"""Stand-in shops: they speak a platform's real wire format, but they are simulated, and say so wherever they can."""
