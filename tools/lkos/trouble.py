# SPDX-License-Identifier: GPL-2.0-only
"""The ways in which a command gives up."""


class Trouble(Exception):
    """What is wrong, with which file, and what to do about it. status: the exit status, if not the command's own."""

    def __init__(self, message, status=None):
        super().__init__(message)
        self.status = status


class Misuse(Trouble):
    """Arguments that the command does not take; its --help says which it does."""
