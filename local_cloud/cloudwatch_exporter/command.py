"""The command line: YACE's flags, with one or two hyphens."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local_cloud.cloudwatch_exporter import SERVER
from local_cloud.cloudwatch_exporter.configuration import Configuration, ConfigurationError, load
from local_cloud.cloudwatch_exporter.scrape import Scraper
from local_cloud.cloudwatch_exporter.server import Page, serve

LOG = logging.getLogger("local_cloud.cloudwatch_exporter")
_VERSION = "0.62.1"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        return json.dumps({"time": moment, "level": record.levelname, "msg": record.getMessage()})


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args([_two_hyphens(argument) for argument in arguments])
    handler = logging.StreamHandler(sys.stderr)
    if options.log_format == "json":
        handler.setFormatter(_Json())
    LOG.addHandler(handler)
    LOG.setLevel(options.log_level.upper().replace("WARN", "WARNING"))
    if options.command == "version":
        print(_VERSION)
        return 0
    LOG.warning("this is the %s", SERVER)
    try:
        configuration = load(Path(options.config_file))
    except (OSError, ConfigurationError) as error:
        LOG.error("couldn't read %s: %s", options.config_file, error)  # noqa: TRY400 - the message is for people
        return 1
    for warning in configuration.warnings:
        LOG.warning(warning)
    if options.command == "verify-config":
        LOG.info("Config file is valid")
        return 0
    return _run(configuration, options)


def _run(configuration: Configuration, options: argparse.Namespace) -> int:
    page = Page()
    scraper = Scraper(configuration, labels_snake_case=options.labels_snake_case)
    threading.Thread(target=_scrape_for_ever, args=(scraper, page, options.scraping_interval), daemon=True).start()
    address, _, port = options.listen_address.rpartition(":")
    with serve(address, int(port), page) as server:
        server.serve_forever()
    return 0


def _scrape_for_ever(scraper: Scraper, page: Page, interval: float) -> None:
    while True:
        try:
            page.show(scraper.scrape(), scraper.counts)
        except (BotoCoreError, ClientError) as error:
            LOG.error("scrape failed: %s", error)  # noqa: TRY400 - the trace tells no more
        time.sleep(interval)


def _two_hyphens(argument: str) -> str:
    return f"-{argument}" if argument.startswith("-") and not argument.startswith("--") else argument


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="yace", description=SERVER, allow_abbrev=False)
    parser.add_argument("command", nargs="?", choices=["verify-config", "version"])
    parser.add_argument("--config.file", dest="config_file", default="config.yml")
    parser.add_argument("--listen-address", default=":5000")
    parser.add_argument("--log.level", dest="log_level", default="info", choices=["debug", "info", "warn", "error"])
    parser.add_argument("--log.format", dest="log_format", default="json", choices=["json", "logfmt"])
    parser.add_argument("--scraping-interval", type=int, default=300)
    parser.add_argument("--labels-snake-case", action="store_true")
    return parser
