"""How parameters are read that roles publish."""

from __future__ import annotations

from typing import Any

from ansible_collections.trademaster.platform.plugins.lookup.outputs import MOST_NAMES, read


class Parameters:
    """Parameter Store, which takes so many names at once and no more."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values, self.calls = values, 0

    def get_parameters(self, *, Names: list[str], WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        assert WithDecryption
        assert len(Names) <= MOST_NAMES
        self.calls += 1
        return {"Parameters": [{"Name": name, "Value": self.values[name]} for name in Names if name in self.values]}


def test_as_many_are_read_at_once_as_can_be() -> None:
    store = Parameters({f"/outputs/{number}": f"value {number}" for number in range(MOST_NAMES + 2)})
    assert read(store, [*store.values, "/outputs/missing"]) == store.values
    assert store.calls == 2
