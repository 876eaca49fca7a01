"""Every setting there is: penstock.toml, then the environment, then what a flag or a program gives.

Reading is strict and patient: an unknown key names its neighbour, and all problems are reported at
once. `from_world` is the one place of the package that looks at the environment, and it does so only
when a door calls it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from penstock.settings.fields import Secret, Settings
from penstock.settings.printing import markdown, schema
from penstock.settings.reading import load

__all__ = ["FILE", "Secret", "Settings", "from_world", "load", "markdown", "schema"]

FILE = "penstock.toml"


def from_world(toml_path: Path | None = None, given: Mapping[str, object] | None = None) -> Settings:
    """The settings of this process: penstock.toml in the current folder unless another is named, and
    the environment. Raises ConfigError."""
    if toml_path is None and Path(FILE).is_file():
        toml_path = Path(FILE)
    return load(toml_path, os.environ, given)
