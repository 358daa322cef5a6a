# SPDX-License-Identifier: GPL-2.0-only
"""The one way in which a command gives up."""


class Trouble(Exception):
    """What is wrong, with which file, and what to do about it; the exit status; whose --help helps."""

    def __init__(self, message, status=2, usage=""):
        super().__init__(message)
        self.status = status
        self.usage = usage
