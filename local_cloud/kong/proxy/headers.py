"""Header fields of a message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Headers:
    """Fields in order, values as Latin-1 text (one character a byte); names compare without case."""

    __slots__ = ("_fields",)

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: list[tuple[str, str, str]] = [(name.lower(), name, value) for name, value in items]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter([(name, value) for _, name, value in self._fields])

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: str) -> bool:
        wanted = name.lower()
        return any(key == wanted for key, _, _ in self._fields)

    def get(self, name: str) -> str | None:
        """The first value."""
        wanted = name.lower()
        for key, _, value in self._fields:
            if key == wanted:
                return value
        return None

    def all(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for key, _, value in self._fields if key == wanted]

    def joined(self, name: str) -> str | None:
        values = self.all(name)
        return ", ".join(values) if values else None

    def add(self, name: str, value: str) -> None:
        self._fields.append((name.lower(), name, value))

    def set(self, name: str, *values: str) -> None:
        """The values take the place of the first field of that name; a new name comes last."""
        wanted = name.lower()
        place = next((index for index, field in enumerate(self._fields) if field[0] == wanted), len(self._fields))
        kept = [field for field in self._fields if field[0] != wanted]
        self._fields = [*kept[:place], *[(wanted, name, value) for value in values], *kept[place:]]

    def remove(self, name: str) -> None:
        wanted = name.lower()
        self._fields = [field for field in self._fields if field[0] != wanted]

    def first(self, count: int) -> Headers:
        """What a plugin sees that reads at most `count` fields."""
        if len(self._fields) <= count:
            return self
        found = Headers()
        found._fields = self._fields[:count]
        return found

    def grouped(self) -> dict[str, list[str]]:
        """Lower-case name → values."""
        found: dict[str, list[str]] = {}
        for key, _, value in self._fields:
            found.setdefault(key, []).append(value)
        return found
