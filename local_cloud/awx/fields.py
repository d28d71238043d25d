"""Fields of objects: which values they take, and the sentences with which they refuse the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from local_cloud.awx import variables
from local_cloud.awx.errors import Invalid

_TRUE = (True, 1, "1", "t", "T", "true", "True", "TRUE", "y", "yes", "on")
_FALSE = (False, 0, "0", "f", "F", "false", "False", "FALSE", "n", "no", "off", "", None)
_LARGEST = 2**31 - 1

Exists = Callable[[str, int], bool]


@dataclass(frozen=True, kw_only=True)
class Field:
    """`read_only`: ignored; `create_only`: ignored when the object is changed. `write_only`: not shown."""

    default: Any = None
    required: bool = False
    read_only: bool = False
    create_only: bool = False
    write_only: bool = False

    def clean(self, value: Any, exists: Exists) -> Any:
        """The value to keep. Raises Invalid."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """`empty` is whether it may be blank."""

    default: Any = ""
    longest: int = 0
    empty: bool = True
    null: bool = False

    def clean(self, value: Any, exists: Exists) -> Any:
        if value is None:
            if not self.empty:
                raise Invalid("This field cannot be blank.")
            return None if self.null else ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise Invalid("Not a valid string.")
        text = str(value).strip()
        if not text and not self.empty:
            raise Invalid("This field may not be blank.")
        if self.longest and len(text) > self.longest:
            raise Invalid(f"Ensure this field has no more than {self.longest} characters.")
        return text


@dataclass(frozen=True, kw_only=True)
class Whole(Field):
    default: Any = 0
    lowest: int | None = 0
    highest: int = _LARGEST
    null: bool = False

    def clean(self, value: Any, exists: Exists) -> Any:
        if value is None:
            if self.null:
                return None
            raise Invalid("This field may not be null.")
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise Invalid("A valid integer is required.")
        try:
            number = int(value)
        except ValueError:
            raise Invalid("A valid integer is required.") from None
        if self.lowest is not None and number < self.lowest:
            raise Invalid(f"Ensure this value is greater than or equal to {self.lowest}.")
        if number > self.highest:
            raise Invalid(f"Ensure this value is less than or equal to {self.highest}.")
        return number


@dataclass(frozen=True, kw_only=True)
class Flag(Field):
    default: Any = False
    null: bool = False

    def clean(self, value: Any, exists: Exists) -> Any:
        if self.null and value is None:
            return None
        if isinstance(value, dict | list) or value not in (*_TRUE, *_FALSE):
            raise Invalid("Must be a valid boolean.")
        return value in _TRUE


@dataclass(frozen=True, kw_only=True)
class Choice(Field):
    """`empty` is whether nothing may be chosen; `null` is what null then stands for."""

    choices: tuple[Any, ...]
    default: Any = ""
    empty: bool = True
    null: Any = ""

    def clean(self, value: Any, exists: Exists) -> Any:
        if value in ("", None) and self.empty:
            return self.null if value is None else ""
        if value is None:
            raise Invalid("This field may not be null.")
        for choice in self.choices:
            if not isinstance(value, bool | dict | list) and str(value) == str(choice):
                return choice
        raise Invalid(f'"{value}" is not a valid choice.')


@dataclass(frozen=True, kw_only=True)
class Reference(Field):
    """The id of an object. `cascade`: without it this object is removed; else it points nowhere."""

    kind: str
    null: bool = True
    cascade: bool = False

    def clean(self, value: Any, exists: Exists) -> Any:
        if value in (None, ""):
            if self.null:
                return None
            raise Invalid("This field may not be null.")
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise Invalid(f"Incorrect type. Expected pk value, received {type(value).__name__}.")
        try:
            number = int(value)
        except ValueError:
            raise Invalid(f"Incorrect type. Expected pk value, received {type(value).__name__}.") from None
        if not exists(self.kind, number):
            raise Invalid(f'Invalid pk "{value}" - object does not exist.')
        return number


@dataclass(frozen=True, kw_only=True)
class References(Field):
    """A list of ids."""

    kind: str

    def clean(self, value: Any, exists: Exists) -> Any:
        if not isinstance(value, list):
            raise Invalid(f'Expected a list of items but got type "{type(value).__name__}".')
        one = Reference(kind=self.kind, null=False)
        return [one.clean(item, exists) for item in value]


@dataclass(frozen=True, kw_only=True)
class Variables(Field):
    """The text of a JSON or YAML dictionary."""

    default: Any = ""

    def clean(self, value: Any, exists: Exists) -> Any:
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Invalid("Not a valid string.")
        try:
            variables.parsed(value.strip())
        except ValueError as error:
            raise Invalid(str(error)) from None
        return value.strip()


@dataclass(frozen=True, kw_only=True)
class Dictionary(Field):
    """A dictionary, or the text of one where `text` allows it."""

    text: bool = False
    null: bool = False

    def clean(self, value: Any, exists: Exists) -> Any:
        if value is None and self.null:
            return None
        if isinstance(value, str) and self.text:
            try:
                return variables.parsed(value)
            except ValueError as error:
                raise Invalid(str(error)) from None
        if not isinstance(value, dict):
            raise Invalid(f"{type(value).__name__} provided, expected dict")
        return value


def names(fields: Iterable[str]) -> str:
    """As Django lists them: "Organization, Name and Kind"."""
    titles = [field.replace("_", " ").capitalize() for field in fields]
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"
