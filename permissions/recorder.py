"""What a command asks of AWS: botocore tells a listener about every call of the processes of the command.

The tasks of a local cloud are started by its server, not by the command, and act under roles of their own: they are
not heard here.
"""

from __future__ import annotations

import functools
import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import botocore.loaders

RECORDED = Path(__file__).parent / "recorded"
# Names of operations by the name that botocore gives a client, such as {"elbv2": {"DescribeRules"}}.
Operations = dict[str, set[str]]

_END = b"end of the recording"


class Recorder(threading.Thread):
    """Listens on loopback while it is entered."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # A burst of calls is not to be lost while another is being read.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self._heard: set[tuple[str, str]] = set()

    def __enter__(self) -> Recorder:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """What was sent before is heard, because the end is put behind it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(_END, self._socket.getsockname())
        self.join()
        self._socket.close()

    @property
    def variables(self) -> dict[str, str]:
        """What botocore has to find in its environment."""
        host, port = self._socket.getsockname()
        return {"AWS_CSM_ENABLED": "true", "AWS_CSM_HOST": host, "AWS_CSM_PORT": str(port)}

    @property
    def operations(self) -> Operations:
        heard: Operations = {}
        for service_id, operation in self._heard:
            heard.setdefault(client_names()[service_id], set()).add(operation)
        return heard

    def run(self) -> None:
        while (datagram := self._socket.recv(65536)) != _END:
            event = json.loads(datagram)
            if event["Type"] == "ApiCall":
                self._heard.add((event["Service"], event["Api"]))


@functools.cache
def client_names() -> dict[str, str]:
    """Names of clients by the service's id, which is what botocore reports."""
    loader = botocore.loaders.Loader()
    loader.search_paths.append(loader.BUILTIN_DATA_PATH)
    names = loader.list_available_services("service-2")
    return {loader.load_service_model(name, "service-2")["metadata"]["serviceId"]: name for name in names}


def record(command: Sequence[str]) -> tuple[int, Operations]:
    """Run a command to its end; its exit code, and what it and all it started have called."""
    with Recorder() as recorder:
        finished = subprocess.run(command, env={**os.environ, **recorder.variables}, check=False)
    return finished.returncode, recorder.operations


def path_of(name: str, folder: Path = RECORDED) -> Path:
    return folder / f"{name}.json"


def write(name: str, operations: Operations, folder: Path = RECORDED) -> Path:
    """Put a recording where the policies are derived from."""
    path = path_of(name, folder)
    path.parent.mkdir(exist_ok=True)
    ordered = {service: sorted(operations[service]) for service in sorted(operations)}
    path.write_text(json.dumps(ordered, indent=2) + "\n")
    return path


def read(name: str, folder: Path = RECORDED) -> Operations:
    path = path_of(name, folder)
    return {service: set(names) for service, names in json.loads(path.read_text()).items()} if path.exists() else {}


def merged(several: Iterable[Mapping[str, Iterable[str]]]) -> Operations:
    together: Operations = {}
    for operations in several:
        for service, names in operations.items():
            together.setdefault(service, set()).update(names)
    return together
