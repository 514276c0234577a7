"""The shopping platforms: what they tell us, what we tell them, and the publisher."""
