# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus's text format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


# Values by the values of labels, of which one that is empty is left out.
Samples = Mapping[tuple[str, ...], float]


@dataclass(frozen=True)
class Metric:
    """`series` has the samples of each by what its name adds to that of the metric."""

    name: str
    kind: str
    text: str
    labels: tuple[str, ...]
    series: Mapping[str, Samples]


def gauge(name: str, text: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    return Metric(name, "gauge", text, labels, {"": samples})


def counter(name: str, text: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    return Metric(name, "counter", text, labels, {"": samples})


def summary(name: str, text: str, labels: tuple[str, ...], sums: Samples, counts: Samples) -> Metric:
    return Metric(name, "summary", text, labels, {"_sum": sums, "_count": counts})


def render(metrics: Iterable[Metric]) -> str:
    return "".join(f"{line}\n" for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterable[str]:
    yield f"# HELP {metric.name} {metric.text}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for suffix, samples in metric.series.items():
        for values, number in sorted(samples.items()):
            named = zip(metric.labels, values, strict=True)
            given = ",".join(f'{label}="{value.translate(_ESCAPED)}"' for label, value in named if value)
            yield f"{metric.name}{suffix}{f'{{{given}}}' if given else ''} {number:.17g}"
