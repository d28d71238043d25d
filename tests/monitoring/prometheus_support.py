"""Prometheus on made-up environments: one that it scrapes, and one whose past it is given."""

from __future__ import annotations

import contextlib
import http.server
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import yaml
from local_cloud_support import eventually

from local_cloud.ports import free_ports
from local_cloud.tools import Tools
from monitoring import contract
from tests.monitoring import synthetic

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 60.0
HOUR = 3600.0


@dataclass(frozen=True)
class Running:
    """`end` is the newest moment there is data of."""

    url: str
    end: float

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:  # noqa: S310 - ours
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


def program(name: str) -> str:
    return str(Tools(ROOT / ".venv" / "debian").find(name).path)


@contextlib.contextmanager
def prometheus(folder: Path, configuration: dict[str, object], end: float = 0.0) -> Iterator[Running]:
    """A Prometheus with its data in `folder`."""
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    (port,) = free_ports(1)
    words = [
        program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("ab") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    running = Running(f"http://127.0.0.1:{port}", end)
    try:
        eventually(running.ready, DEADLINE, "Prometheus is ready")
        yield running
    finally:
        process.terminate()
        process.wait(30)


def write_rules(folder: Path) -> list[str]:
    """The alerting and recording rules of the role, as files."""
    paths = []
    for name, text in contract.rendered_rules().items():
        (folder / name).write_text(text, encoding="utf-8")
        paths.append(str(folder / name))
    return paths


# An environment that is scraped


@contextlib.contextmanager
def scraped(folder: Path) -> Iterator[Running]:
    now = time.time()
    environment = synthetic.Environment(now - HOUR, now)
    jobs = synthetic.series(environment)
    with _targets(jobs) as port:
        configs = [_scrape(job, port) for job in jobs]
        rules = {"rule_files": write_rules(folder), "global": {"scrape_interval": "1s", "evaluation_interval": "1s"}}
        with prometheus(folder, {**rules, "scrape_configs": configs}) as running:
            yield running


def _scrape(job: str, port: int) -> dict[str, object]:
    targets = [
        {"targets": [f"127.0.0.1:{port}"], "labels": {**labels, "__metrics_path__": f"/{job}/{number}"}}
        for number, labels in enumerate(synthetic.targets(job))
    ]
    return {"job_name": job, "static_configs": targets}


@contextlib.contextmanager
def _targets(jobs: dict[str, list[synthetic.Series]]) -> Iterator[int]:
    declared = yaml.safe_load(contract.DECLARED.read_text(encoding="utf-8"))["jobs"]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            job, number = self.path.strip("/").split("/")
            target = synthetic.targets(job)[int(number)]
            kinds = {name: metric["type"] for name, metric in (declared[job].get("metrics") or {}).items()}
            mine = [one for one in jobs[job] if one.labels["instance"] == target["instance"]]
            content = synthetic.exposition(mine, time.time(), kinds, list(target)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the log of the tests is no access log."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


# An environment with a past


@contextlib.contextmanager
def remembered(folder: Path, *, hours: float = 1.0, step: float = 30.0) -> Iterator[Running]:
    """Hours of an environment, recorded series included, with an incident half way."""
    end = time.time() - 60
    start = end - hours * HOUR
    past = folder / "past.txt"
    with past.open("w", encoding="utf-8") as file:
        for line in synthetic.history(synthetic.Environment(start, end - hours * HOUR / 2), end, step):
            file.write(f"{line}\n")
    _promtool("create-blocks-from", "openmetrics", str(past), str(folder / "data"))
    with prometheus(folder, {}) as first:
        # Rules that build on others find what those recorded in the second pass only.
        rules = [path for path in write_rules(folder) if path.endswith("slo.yml")]
        _record(folder, first, rules, start, end)
    with prometheus(folder, {}) as second:
        _record(folder, second, rules, start, end)
    with prometheus(folder, {}, end) as running:
        yield running


def _record(folder: Path, running: Running, rules: Sequence[str], start: float, end: float) -> None:
    between = [f"--start={start:.0f}", f"--end={end:.0f}", "--eval-interval=60s"]
    into = [f"--url={running.url}", f"--output-dir={folder / 'data'}"]
    _promtool("create-blocks-from", "rules", *between, *into, *rules)


def _promtool(*words: str) -> None:
    finished = subprocess.run([program("promtool"), "tsdb", *words], check=False, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-2000:]
