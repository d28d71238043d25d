"""The picture shows what is proven, all of it, and is drawn anew when the inventory changes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from xml.etree import ElementTree

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.analyse import Analyser
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.picture import draw

from scripts.topology import PICTURE, network, variables

SVG = "{http://www.w3.org/2000/svg}"


@cache
def analyser(inventory: str) -> Analyser:
    return Analyser(network(variables(f"inventories/{inventory}")))


@pytest.fixture(params=["local", "staging"])
def drawn(request: pytest.FixtureRequest) -> tuple[Analyser, ElementTree.Element]:
    found = analyser(request.param)
    return found, ElementTree.fromstring(draw(found))  # noqa: S314 - our own


def texts(element: ElementTree.Element) -> Iterator[str]:
    for one in element.iter(f"{SVG}text"):
        yield "".join(one.itertext())


def of_class(drawn: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [one for one in drawn.iter(f"{SVG}g") if one.get("class") == name]


def test_the_picture_in_the_documentation_is_that_of_the_local_inventory() -> None:
    assert PICTURE.read_text(encoding="utf-8") == draw(analyser("local")), "draw it anew: make topology"


def test_every_workload_has_a_box(drawn: tuple[Analyser, ElementTree.Element]) -> None:
    found, picture = drawn
    named = {next(texts(box)) for box in of_class(picture, "workload")}

    silent = {"default"}
    assert named == {"internet", *found.configuration.workloads} - silent


def test_every_flow_has_an_arrow_but_those_that_anything_in_the_vpc_may_take(
    drawn: tuple[Analyser, ElementTree.Element],
) -> None:
    found, picture = drawn
    open_to_all = {name for name in found.configuration.workloads if found.flows("vpc", name)}
    shown = {"".join(flow.find(f"{SVG}title").itertext()).split(" on ")[0] for flow in of_class(picture, "flow")}  # type: ignore[union-attr]

    names = ["internet", *found.configuration.workloads]
    expected = {
        f"{source} reaches {target}"
        for source in names
        for target in names
        if source != target and found.flows(source, target) and (source == "internet" or target not in open_to_all)
    }
    assert shown == expected


def test_ports_stand_at_the_arrow(drawn: tuple[Analyser, ElementTree.Element]) -> None:
    labels = list(texts(drawn[1]))

    assert "5000, 9115, 9121-9122, 9187 from prometheus" in labels
    assert "80, 443 from internet" in labels
    assert "443, 587 from auth-service" in labels


def test_boxes_do_not_touch_and_stay_in_the_picture(drawn: tuple[Analyser, ElementTree.Element]) -> None:
    picture = drawn[1]
    height = float(picture.get("height", "0"))
    spans = []
    for box in of_class(picture, "workload"):
        rect = next(box.iter(f"{SVG}rect"))
        top = float(rect.get("y", "0"))
        spans.append((top, top + float(rect.get("height", "0"))))

    assert all(0 < top < bottom < height for top, bottom in spans)
    assert all(one[1] < other[0] or other[1] < one[0] for one, other in combinations(spans, 2))


def test_no_two_texts_lie_on_each_other(drawn: tuple[Analyser, ElementTree.Element]) -> None:
    places = [(one.get("x"), one.get("y")) for one in drawn[1].iter(f"{SVG}text")]

    assert len(places) == len(set(places))
