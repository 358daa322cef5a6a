# SPDX-License-Identifier: GPL-2.0-only
"""lkos: launches programs written for Onload, looks into them, and says what they will meet."""

VERSION = "0.2.0"
