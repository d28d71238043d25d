# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the contract suite for Kong against the node of KONG_ADMIN_URL and KONG_PROXY_URL.

When they are not set, the stand-in of the local cloud is started for it, with a Redis beside it, and stopped
afterwards. Arguments are handed to pytest.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from local_cloud.kong.standalone import running_kong
from local_cloud.ports import free_ports
from local_cloud.tools import Tools

ROOT = Path(__file__).resolve().parents[1]
SUITE = "tests/kong_contract"
# The cases mostly wait for the gateway; a file's cases share what its fixture publishes.
WORKERS = ("-n", "4", "--dist", "loadfile")
LOOPBACK = "127.0.0.1"
STARTED_WITHIN_S = 10


def run_suite(variables: Mapping[str, str], arguments: list[str]) -> int:
    # The fixtures beside the suite are for the local cloud, of which the suite knows nothing.
    command = [sys.executable, "-m", "pytest", f"--confcutdir={SUITE}", *WORKERS, SUITE, *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, check=False).returncode


@contextlib.contextmanager
def running_redis(directory: Path) -> Iterator[str]:
    """Give the URL of a Redis with a password, which lives as long as the context."""
    (port,) = free_ports(1, LOOPBACK)
    tool, password = Tools(ROOT / ".venv" / "debian").find("redis-server"), secrets.token_hex(16)
    configuration = directory / "redis.conf"
    configuration.write_text(f'bind {LOOPBACK}\nport {port}\nrequirepass {password}\nsave ""\ndir {directory}\n')
    process = subprocess.Popen(
        [str(tool.path), str(configuration)], env=os.environ | tool.env, stdout=subprocess.DEVNULL
    )
    try:
        await_listener(port)
        yield f"redis://:{password}@{LOOPBACK}:{port}"
    finally:
        process.terminate()
        process.wait()


def await_listener(port: int) -> None:
    deadline = time.monotonic() + STARTED_WITHIN_S
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def main() -> int:
    arguments = sys.argv[1:]
    if "KONG_ADMIN_URL" in os.environ:
        return run_suite({}, arguments)
    with tempfile.TemporaryDirectory(prefix="kong-contract-") as name:
        directory = Path(name)
        stand_in = running_kong(directory / "kong", nodes=2, untrusted_lua_sandbox_requires="cjson.safe")
        with running_redis(directory) as redis, stand_in as kong:
            first, second = (node.urls for node in kong.nodes)
            given = {
                "KONG_ADMIN_URL": first.admin,
                "KONG_PROXY_URL": first.proxy,
                "KONG_PROXY_SSL_URL": first.proxy_ssl,
                "KONG_STATUS_URL": first.status,
                "KONG_NODE2_ADMIN_URL": second.admin,
                "KONG_NODE2_PROXY_URL": second.proxy,
                "KONG_TEST_REDIS_URL": redis,
            }
            return run_suite(given, arguments)


if __name__ == "__main__":
    sys.exit(main())
