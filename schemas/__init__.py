"""The contracts: events, topics and their encoding. A leaf that imports no other package of this project."""
