"""Prints docs/settings.md: python -m penstock.settings > docs/settings.md"""

from __future__ import annotations

import sys

from penstock.settings import markdown

sys.stdout.write(markdown())
