"""Values between Python and Lua. Text is Latin-1 on the Lua side: one character a byte."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lupa import luajit21

# Numbers are doubles in Lua; a larger integer loses digits, as it does in Kong.
_EXACT = 2**53


class Converter:
    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime
        # cjson's and nginx's null: neither nil nor a table.
        self.null: Any = runtime.eval("newproxy()")

    def to_lua(self, value: Any) -> Any:
        """A mapping or list becomes a table; null in it stays visible."""
        if isinstance(value, str):
            return value.encode("utf-8", "surrogateescape").decode("latin-1")
        if isinstance(value, Mapping):
            return self._table((self.to_lua(name), self.to_lua(item)) for name, item in value.items())
        if isinstance(value, list | tuple):
            return self._table((index, self.to_lua(item)) for index, item in enumerate(value, 1))
        if value is None:
            return self.null
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT:
            return float(value)
        return value

    def entity(self, value: Mapping[str, Any] | None) -> Any:
        """An entity as plugins see it: what is null is absent."""
        if value is None:
            return None
        return self.to_lua({name: item for name, item in value.items() if item is not None})

    def strings(self, values: Mapping[str, list[str]]) -> Any:
        """Name → text, or a table where there are several; the text is Latin-1 already."""
        return self._table(
            (name, given[0] if len(given) == 1 else self._table(enumerate(given, 1))) for name, given in values.items()
        )

    def table(self, values: Mapping[Any, Any]) -> Any:
        """A table of values that are Lua's already."""
        return self._runtime.table_from(values)

    def _table(self, items: Iterable[tuple[Any, Any]]) -> Any:
        return self.table(dict(items))

    def to_python(self, value: Any) -> Any:
        """Text becomes real text (UTF-8 with escaped stray bytes); a table from 1 on becomes a list."""
        kind = luajit21.lua_type(value)
        if kind == "table":
            items = dict(value.items())
            if items and all(isinstance(key, int) and 1 <= key <= len(items) for key in items):
                return [self.to_python(items[index]) for index in range(1, len(items) + 1)]
            return {self.to_python(key): self.to_python(item) for key, item in items.items()}
        if kind is not None:
            return None
        if isinstance(value, str):
            return value.encode("latin-1").decode("utf-8", "surrogateescape")
        if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
            return int(value)
        return value


def values_of(value: Any) -> list[str]:
    """One text, or the texts of a table."""
    if luajit21.lua_type(value) == "table":
        return [str(item) for item in value.values()]
    return [str(value)]
