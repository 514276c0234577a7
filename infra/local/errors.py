"""The error that every module of the embedded stack raises for its user."""


class PartError(Exception):
    """A part cannot be started or reached; the message says why in words for the user."""
