"""The stand-in as a process on an address of its own, and a Prometheus that only a name server knows."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import yaml
from dnslib import RR, A, DNSRecord
from dnslib.server import BaseResolver, DNSHandler, DNSServer

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "grafana-password"
PROMETHEUS = "prometheus.test.internal"
_addresses = (f"127.66.{os.getpid() % 250 + 1}.{host}" for host in itertools.count(1))

DATA_SOURCE = {"name": "Prometheus", "uid": "prometheus", "type": "prometheus", "url": "$PROMETHEUS_URL"}
PROVIDER = {
    "name": "platform",
    "type": "file",
    "folder": "Platform",
    "options": {"path": "${GF_PATHS_PROVISIONING}/models"},
}


def dashboard(uid: str, title: str, **more: Any) -> dict[str, Any]:
    return {"id": None, "uid": uid, "title": title, "panels": [], **more}


class Grafana:
    """Files and settings of one instance. Nothing runs until `running`."""

    def __init__(self, folder: Path) -> None:
        self.provisioning = folder / "provisioning"
        self.address = next(_addresses)
        self.url = f"http://{self.address}:3000"
        self.output = ""
        self.environment = {
            "GF_PATHS_PROVISIONING": str(self.provisioning),
            "GF_PATHS_DATA": str(folder / "data"),
            "GF_SECURITY_ADMIN_PASSWORD": PASSWORD,
            "GF_SERVER_HTTP_ADDR": self.address,
        }
        self.write("datasources/sources.yaml", {"apiVersion": 1, "datasources": [{**DATA_SOURCE, "isDefault": True}]})
        self.write("dashboards/providers.yaml", {"apiVersion": 1, "providers": [PROVIDER]})
        self.write("models/service.json", dashboard("service", "Service overview", tags=["generated", "service"]))

    def write(self, path: str, content: Any) -> None:
        """Text as it is; anything else as YAML, or as JSON where the name says so."""
        file = self.provisioning / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content) if file.suffix == ".json" else yaml.safe_dump(content)
        file.write_text(content if isinstance(content, str) else text)

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """A command that ends by itself."""
        return subprocess.run(
            self._command(arguments),
            cwd=ROOT,
            env=self._environment(),
            input=given,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    @contextmanager
    def running(self) -> Iterator[Grafana]:
        """Until the end of the block; then `output` has what it said."""
        process = subprocess.Popen(
            self._command(("server",)),
            cwd=ROOT,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            self._wait(process)
            yield self
        finally:
            process.terminate()
            self.output, _ = process.communicate(timeout=20)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """As the administrator, unless told otherwise."""
        more.setdefault("auth", ("admin", PASSWORD))
        return requests.request(method, self.url + path, timeout=10, allow_redirects=False, **more)

    def _wait(self, process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                if requests.get(f"{self.url}/api/health", timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
            assert process.poll() is None, "it has ended"
            assert time.monotonic() < deadline, "it does not answer"

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "local_cloud.grafana", *arguments]

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("GF_")}
        return {**own, **self.environment}


class _Api(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": dict(self.headers),
            "body": self.rfile.read(length).decode(),
        }
        answer = json.dumps({"status": "success", "data": seen}).encode()
        self.send_response(422 if "bad" in self.path else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class _Names(BaseResolver):
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:
        reply = request.reply()
        name = str(request.q.qname).rstrip(".")
        if name in self._names:
            reply.add_answer(RR(name, rdata=A(self._names[name]), ttl=1))
        return reply


@contextmanager
def prometheus() -> Iterator[dict[str, str]]:
    """Variables by which an instance finds one."""
    address = next(_addresses)
    server = ThreadingHTTPServer((address, 9090), _Api)
    names = DNSServer(_Names({PROMETHEUS: address}), address=address, port=5300)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names.start_thread()
    try:
        yield {"LOCAL_CLOUD_DNS": f"{address}:5300", "PROMETHEUS_URL": f"http://{PROMETHEUS}:9090"}
    finally:
        server.shutdown()
        server.server_close()
        names.stop()
