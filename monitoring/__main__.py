"""`python -m monitoring`: generate the dashboards, and check and draw what they are built on."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from monitoring import contract, dashboards, linter, schema


def main() -> int:
    arguments = _arguments()
    work = {"dashboards": _dashboards, "lint": _lint, "contract": _contract, "pictures": _pictures}
    return work[arguments.command](arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m monitoring", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("dashboards", help="write roles/grafana/files/dashboards/")
    commands.add_parser("lint", help="hold the dashboards to the rules for dashboards")
    compared = commands.add_parser("contract", help="compare what panels and rules use with what targets give")
    compared.add_argument("--prometheus", metavar="URL", help="a running Prometheus to compare with as well")
    pictures = commands.add_parser("pictures", help="draw the dashboards from a running Prometheus")
    pictures.add_argument("--prometheus", metavar="URL", required=True)
    pictures.add_argument("--out", metavar="FOLDER", type=Path, default=Path("docs/images/dashboards"))
    pictures.add_argument("--end", metavar="SECONDS", type=float, help="end of the time shown, since the epoch; now")
    pictures.add_argument("--hours", type=float, default=3, help="how much time is shown")
    pictures.add_argument("--scrape-interval", metavar="SECONDS", type=float, default=15)
    return parser.parse_args()


def _dashboards(_: argparse.Namespace) -> int:
    for path in dashboards.write():
        print(path)
    return 0


def _lint(_: argparse.Namespace) -> int:
    """Answer 1 where a dashboard breaks a rule or is none that Grafana knows."""
    models = contract.committed_dashboards()
    gauges = {one.metric for one in contract.declared() if one.kind == contract.GAUGE}
    known = linter.Known({model["uid"] for model in models}, gauges)
    findings = [str(finding) for model in models for finding in linter.lint(model, known)]
    findings += [finding for model in models for finding in schema.findings(model)]
    for finding in findings:
        print(finding, file=sys.stderr)
    print(f"{len(models)} dashboards, {len(linter.RULES)} rules: {len(findings)} findings")
    return 1 if findings else 0


def _contract(arguments: argparse.Namespace) -> int:
    """Write what the role `verify` checks, and answer 1 where something does not fit."""
    made = contract.checked()
    contract.GENERATED.write_text(contract.text(made), encoding="utf-8")
    findings = [*made.findings, *(contract.live(made, arguments.prometheus) if arguments.prometheus else [])]
    for finding in findings:
        print(finding, file=sys.stderr)
    users = {user for one in made.used.values() for user in one}
    print(f"{len(made.used)} metrics used by {len(users)} panels, variables and rules: {len(findings)} findings")
    return 1 if findings else 0


def _pictures(arguments: argparse.Namespace) -> int:
    # The library that draws takes a second to load, which the other commands need not wait for.
    from monitoring import queries, rendering

    end = arguments.end or time.time()
    for dashboard in contract.committed_dashboards():
        source = queries.Source(arguments.prometheus, end - arguments.hours * 3600, end, arguments.scrape_interval)
        path = arguments.out / f"{dashboard['uid']}.png"
        counts = rendering.draw(dashboard, source, path)
        empty = [title for title, count in counts.items() if not count]
        print(f"{path}: {len(counts)} panels" + (f", without data: {', '.join(empty)}" if empty else ""))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
