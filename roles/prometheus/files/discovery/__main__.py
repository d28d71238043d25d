# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python3 -m discovery --settings FILE --targets FOLDER --listen ADDRESS:PORT` until SIGTERM."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import threading
import time
from pathlib import Path

import boto3
from botocore.config import Config

from . import scrape, server, settings
from .discovery import Clients, Discovery

# A look that hangs is given up long before the next alert would tell that looks are old.
CONFIG = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 2})


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("discovery").setLevel(logging.INFO)
    given = _arguments()
    asked = settings.read(given.settings)
    account = _account(os.environ.get("METRICS_ACCOUNT", ""))
    session = scrape.Session(account, time.time, scrape.send) if account else None
    scraper = scrape.Scraper(session, scrape.send)
    clients = Clients(*(boto3.client(name, config=CONFIG) for name in ("ecs", "elasticache", "rds", "ssm")))
    discovery = Discovery(asked, clients, scraper, given.targets, given.listen)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    host, port = given.listen.rsplit(":", 1)
    listening = server.serve((host, int(port)), discovery.metrics, scraper)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    while not stopping.is_set():
        discovery.look()
        stopping.wait(asked.interval_seconds)
    listening.shutdown()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="discovery")
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--targets", type=Path, required=True)
    parser.add_argument("--listen", required=True)
    return parser.parse_args()


def _account(text: str) -> scrape.Account | None:
    """The secret with e-mail and password; none where nothing asks for it."""
    if not text:
        return None
    content = json.loads(text)
    return scrape.Account(content["email"], content["password"])


if __name__ == "__main__":
    main()
