# SPDX-License-Identifier: Apache-2.0
"""Dataclasses that are read from JSON objects and written back with what they do not know.

  S1  Unknown members stay, in their place; members that the source lacked appear only with a value
      of their own.
  S3  A member of the wrong type is a ValueError that names it.
"""

import dataclasses
from enum import Enum
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Type, TypeVar

Made = TypeVar("Made", bound="Record")


class Kind(NamedTuple):
    """How one member is read and written."""

    read: Callable[[str, Any], Any]
    write: Callable[[Any], Any]


def _name_of(value: Any) -> str:
    names = {type(None): "null", bool: "a boolean", int: "a number", float: "a number",
             str: "a string", list: "a list", dict: "an object"}
    return names.get(type(value), f"a {type(value).__name__}")


def fail(path: str, expected: str, value: Any) -> Any:
    shown = f" {value!r}" if isinstance(value, (int, float, str)) and len(repr(value)) <= 40 else ""
    raise ValueError(f"{path or 'the state'}: {expected} was expected, found "
                     f"{_name_of(value)}{shown}")


def _same(value: Any) -> Any:
    return value


def _plain(kind: type, expected: str) -> Kind:
    def read(path: str, value: Any) -> Any:
        wrong = not isinstance(value, kind) or (kind is int and isinstance(value, bool))
        return fail(path, expected, value) if wrong else value
    return Kind(read, _same)


TEXT = _plain(str, "a string")
INTEGER = _plain(int, "an integer")
FLAG = _plain(bool, "true or false")
OBJECT = _plain(dict, "an object")
LIST = _plain(list, "a list")


def optional(kind: Kind) -> Kind:
    """Or None."""
    return Kind(lambda path, value: None if value is None else kind.read(path, value),
                lambda value: None if value is None else kind.write(value))


def list_of(kind: Kind) -> Kind:
    """Several of it."""
    def read(path: str, value: Any) -> List[Any]:
        return [kind.read(f"{path}.{place}", item)
                for place, item in enumerate(LIST.read(path, value))]
    return Kind(read, lambda value: [kind.write(item) for item in value])


def table_of(kind: Kind) -> Kind:
    """Several of it, by name."""
    def read(path: str, value: Any) -> Dict[str, Any]:
        return {name: kind.read(f"{path}.{name}", item)
                for name, item in OBJECT.read(path, value).items()}
    return Kind(read, lambda value: {name: kind.write(item) for name, item in value.items()})


def choice(names: Type[Enum]) -> Kind:
    """One of an enumeration's values, in small letters too."""
    def read(path: str, value: Any) -> Any:
        for known in names:
            if isinstance(value, str) and value.upper() == known.value:
                return known
        return fail(path, "one of " + ", ".join(known.value for known in names), value)
    return Kind(read, lambda value: names(value).value)


def record(kind: "Type[Record]") -> Kind:
    """A record in a record."""
    return Kind(kind.read, lambda value: value.to_dict())


def member(kind: Kind, default: Any = dataclasses.MISSING, *, make: Any = None) -> Any:
    """A field of a record: its kind, and its value in a new one (or what makes it)."""
    if make is not None:
        return dataclasses.field(default_factory=make, metadata={"kind": kind})
    return dataclasses.field(default=default, metadata={"kind": kind})


class Record:
    """What the dataclasses of a state share. Equal: the same members, unknown ones included."""

    _source: Optional[Dict[str, Any]] = None

    @classmethod
    def read(cls: Type[Made], path: str, value: Any) -> Made:
        """from_dict() of a record that is a part of another, at that path."""
        members = OBJECT.read(path, value)
        known = {}
        for field in dataclasses.fields(cls):
            if field.name in members:
                below = f"{path}.{field.name}" if path else field.name
                known[field.name] = field.metadata["kind"].read(below, members[field.name])
        made = cls._from_members(known)
        made._source = dict(members)
        return made

    @classmethod
    def _from_members(cls: Type[Made], known: Dict[str, Any]) -> Made:
        return cls(**{**cls._plain_members(), **known})

    @classmethod
    def _plain_members(cls) -> Dict[str, Any]:
        """What a member means that is not there; by default what a new record has."""
        return {}

    @classmethod
    def from_dict(cls: Type[Made], data: Dict[str, Any]) -> Made:
        """The value of what to_dict() or json.load gave. ValueError names a wrong member."""
        return cls.read("", data)

    def to_dict(self) -> Dict[str, Any]:
        """For json.dump: the members, and what else the source had, in its order."""
        written = {} if self._source is None else dict(self._source)
        plain = None if self._source is None else type(self)._from_members({})
        for field in dataclasses.fields(self):
            kind: Kind = field.metadata["kind"]
            value = getattr(self, field.name)
            if plain is None or field.name in written or value != getattr(plain, field.name):
                written[field.name] = kind.write(value)
        return written

    @property
    def extra(self) -> Dict[str, Any]:
        """Members of the source that this version does not know."""
        names = {field.name for field in dataclasses.fields(self)}
        return {name: value for name, value in (self._source or {}).items() if name not in names}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or type(other) is not type(self):
            return NotImplemented
        names = [field.name for field in dataclasses.fields(self)]
        return (all(getattr(self, name) == getattr(other, name) for name in names)
                and self.extra == other.extra)

    __hash__ = None  # type: ignore[assignment]
