"""Who reads from Bedrock: the programs that are compared, and how one is started."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.place import BENCH, Place
from bench.server import Missing, clean_environment


class Client(NamedTuple):
    title: str
    app: str
    of_a_peer: bool = False
    loop: str = "asyncio"
    packages: Sequence[str] = ()

    @contextmanager
    def started(
        self, place: Place, argument: str, port: int, tls: bool = False
    ) -> Iterator[subprocess.Popen[str]]:
        """A fresh process in a fresh home, ended with the block; what it says is little enough for a pipe."""
        python = place.peers_python if self.of_a_peer else place.penstock_python
        if not python.exists():
            raise Missing(f"no {python.parent.parent.name}; start with scripts/bench, which makes it")
        home = place.scratch / f"bedrock-{time.monotonic_ns()}"
        home.mkdir()
        process = subprocess.Popen(
            [str(python), str(BENCH / "apps" / self.app), argument, self.loop],
            cwd=home,
            env=clean_environment() | _environment(port, home, tls),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=partial(os.sched_setaffinity, 0, {place.server_core}),
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


_AIOBOTOCORE = Client("aiobotocore", "bedrock_aiobotocore.py", True, packages=["aiobotocore", "aiohttp"])
_MODEL = Client("Penstock, the model alone", "bedrock_penstock.py")

CLIENTS = {
    "boto3": Client("boto3", "bedrock_boto3.py", True, packages=["boto3", "botocore"]),
    "aiobotocore": _AIOBOTOCORE,
    "aiobotocore-uvloop": _AIOBOTOCORE._replace(title="aiobotocore on uvloop", loop="uvloop"),
    "bedrock": _MODEL,
    "bedrock-uvloop": _MODEL._replace(title="Penstock, the model alone, on uvloop", loop="uvloop"),
    "assistant": Client("Penstock, a whole assistant, on uvloop", "bedrock_assistant.py", loop="uvloop"),
}


def _environment(port: int, home: Path, tls: bool) -> dict[str, str]:
    """Credentials as a function gets them; no profile is found."""
    return {
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "synthetic" * 80,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"{'https' if tls else 'http'}://127.0.0.1:{port}",
    }
