"""Where a run happens: two cores, a folder to work in, the programs it needs.

One core carries the generator, the other the server under test, so that neither's
load shows in the other's figures. A machine with a single core is used as it is, and
the report says so.
"""

from __future__ import annotations

import os
import platform
import resource
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BENCH = Path(__file__).parent
ROOT = BENCH.parent
OUT = BENCH / "out"


@dataclass(frozen=True, slots=True)
class Place:
    server_core: int
    generator_core: int
    scratch: Path
    penstock_python: Path
    """Has Penstock installed; PENSTOCK_PYTHON names another than this checkout's .venv."""
    peers_python: Path
    """Has FastAPI, uvicorn and the openai SDK; scripts/bench makes it."""

    @property
    def pinned(self) -> bool:
        return self.server_core != self.generator_core

    @property
    def gen(self) -> Path:
        return OUT / "gen"

    @property
    def floor(self) -> Path:
        return OUT / "floor"


def find(scratch: Path) -> Place:
    cores = sorted(os.sched_getaffinity(0))
    return Place(
        server_core=cores[-1],
        generator_core=cores[0],
        scratch=scratch,
        penstock_python=Path(os.environ.get("PENSTOCK_PYTHON", ROOT / ".venv/bin/python")),
        peers_python=ROOT / ".envs/bench/bin/python",
    )


def build_tools() -> None:
    """Compiles the generator and the floor, when their source is newer than they are."""
    OUT.mkdir(exist_ok=True)
    for name, sources in {
        "gen": sorted((BENCH / "gen").glob("*.[ch]")),
        "floor": [BENCH / "floor.c"],
    }.items():
        program = OUT / name
        if program.exists() and program.stat().st_mtime > max(s.stat().st_mtime for s in sources):
            continue
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            sys.exit(
                "bench: no C compiler was found for the load generator (Debian: apt install gcc libc6-dev)"
            )
        units = [str(source) for source in sources if source.suffix == ".c"]
        subprocess.run([compiler, "-O2", "-o", str(program), *units], check=True)


def allow_many_sockets() -> None:
    """A thousand streams are two thousand sockets in the generator alone; children inherit the limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def machine() -> dict[str, str | int]:
    """What a reader of the figures wants to know about where they come from."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
