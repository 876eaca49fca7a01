"""Every setting there is: penstock.toml, then the environment, then what a flag or a program gives.

Reading is strict and patient: an unknown key names its neighbour, and all problems are reported at
once. This file is the only one of the package that looks at the environment, in `from_world`, `read_world`,
`origins_in_world` and `aws_environ`, and only when one of these is called.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from penstock.settings.fields import Secret, Settings, TokenEntry
from penstock.settings.printing import markdown, schema
from penstock.settings.reading import load, origins, read
from penstock.settings.showing import InForce, in_force

__all__ = [
    "FILE",
    "InForce",
    "Secret",
    "Settings",
    "TokenEntry",
    "aws_environ",
    "from_world",
    "in_force",
    "load",
    "markdown",
    "origins_in_world",
    "read_world",
    "schema",
]

FILE = "penstock.toml"


def from_world(toml_path: Path | None = None, given: Mapping[str, object] | None = None) -> Settings:
    """The settings of this process: penstock.toml in the current folder unless another is named, and
    the environment. Raises ConfigError."""
    return load(_file(toml_path), os.environ, given)


def origins_in_world(toml_path: Path | None = None, **given: Mapping[str, object]) -> dict[str, str]:
    """Where `from_world` found each setting that anybody says; `given` by what says it."""
    return origins(_file(toml_path), os.environ, given)


def read_world(toml_path: Path | None = None) -> tuple[Settings, list[str]]:
    """The same without an error: what is right about them, and a sentence for everything that is wrong."""
    return read(_file(toml_path), os.environ)


def aws_environ(settings: Settings, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables that AWS's own tools read, with what the settings say of them in its place."""
    ours = {
        "AWS_REGION": settings.aws_region,
        "AWS_PROFILE": settings.aws_profile,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": settings.bedrock_endpoint_url,
    }
    environ = os.environ if environ is None else environ
    found = {name: value for name, value in environ.items() if name.startswith("AWS_")}
    return {**found, **{name: value for name, value in ours.items() if value}}


def _file(named: Path | None) -> Path | None:
    # A folder or a dangling link of that name is not passed over: reading it says what is wrong.
    return Path(FILE) if named is None and os.path.lexists(FILE) else named
