"""nginx, one worker, passing the stream on unbuffered.

It is started by us, in the foreground, with a configuration of our own, and knows
nothing of the one in /etc.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from pathlib import Path

from bench.place import ROOT, Place
from bench.server import Missing, Ports, Server

_UNPACKED = ROOT / ".envs/nginx/usr/sbin/nginx"
"""Where scripts/bench puts Debian's nginx when the machine has none."""

_CONFIGURATION = """\
daemon off;
{user}
pid {folder}/nginx.pid;
error_log stderr;
worker_processes 1;
worker_rlimit_nofile 16384;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream synthetic {{
        server 127.0.0.1:{upstream};
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://synthetic;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_read_timeout 1h;
        }}
    }}
}}
"""


def build(place: Place, ports: Ports) -> Server:
    program = find()
    folder = place.scratch / f"nginx-{ports.server}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "nginx.conf"
    file.write_text(configuration(folder, ports))
    command = [str(program), "-p", str(folder), "-c", str(file), "-e", "stderr"]
    return Server("nginx", "nginx, unbuffered", command, version=version(program))


def configuration(folder: Path, ports: Ports) -> str:
    # The master drops to "nobody" when root starts it, and could then not use the folder.
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    return _CONFIGURATION.format(user=user, folder=folder, upstream=ports.upstream, port=ports.server)


def find() -> Path:
    on_path = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    program = Path(on_path) if on_path else _UNPACKED
    if not program.exists():
        raise Missing("nginx is not installed (Debian: apt-get install nginx-light)")
    return program


def version(program: Path) -> str:
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
    return said.rpartition(": ")[2].strip()
