# SPDX-License-Identifier: Apache-2.0
"""A folder of specifications, validated, each with files that appear and vanish with it."""

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

from untorn._native import Content, Native, Path, content_of, count_of, path_text, text_of
from untorn._values import TransactionReceipt, TransactionRecovery, value_from

Spec = Union[Mapping[str, Any], str, bytes]


@dataclass(frozen=True)
class SpecProblem:
    """A place in a specification that is not as the schema asks."""

    pointer: str  # JSON pointer, "" for the whole
    message: str

    def __str__(self) -> str:
        return f"{self.pointer or 'the specification'}: {self.message}"


@dataclass(frozen=True)
class RegistryChange:
    """What a change of a registry did."""

    version: int  # that stands there now; of remove() the last one that is kept
    kept_edit: bool  # what someone had edited became a version of its own first
    unchanged: bool  # exactly this stood there already: nothing was written
    receipt: Optional[TransactionReceipt] = None
    recovery: Optional[TransactionRecovery] = None  # what a crash of another program had left


@dataclass(frozen=True)
class RegistryVersion:
    """One version of an entry."""

    number: int
    stored_ns: int  # since the epoch
    origin: str  # "added", "replaced", "edited", "restored" or "removed"
    bytes: int  # of specification and attachments
    present: bool  # it is the one that stands there, as far as the registry knows
    intact: bool  # its checksums are right


@dataclass(frozen=True)
class RegistryEntry:
    """A specification and its attachments, of one version."""

    name: str
    spec: Any  # what json.loads makes of it
    text: str  # as it stands in the file
    version: int
    attachments: Dict[str, bytes]
    files: Tuple[Dict[str, Any], ...]  # each with "file", "state", "bytes", "detail"


def spec_bytes(spec: Spec, dumps: Optional[Dict[str, Any]] = None) -> bytes:
    """Text as it is, anything else as json.dumps makes it."""
    if isinstance(spec, (str, bytes)):
        return content_of(spec)
    if not isinstance(spec, Mapping):
        raise TypeError(f"a specification is a dict or JSON text, not {type(spec).__name__}")
    keywords: Dict[str, Any] = {"indent": 2, **(dumps or {})}
    return json.dumps(dict(spec), **keywords).encode("utf-8")


def problems_from(values: List[Dict[str, Any]]) -> List[SpecProblem]:
    return [value_from(SpecProblem, fields) for fields in values]


def change_from(fields: Dict[str, Any]) -> RegistryChange:
    receipt, recovery = fields.get("receipt"), fields.get("recovery")
    return value_from(RegistryChange, {
        **fields,
        "receipt": None if receipt is None else value_from(TransactionReceipt, receipt),
        "recovery": None if recovery is None else value_from(TransactionRecovery, recovery)})


def versions_from(values: List[Dict[str, Any]]) -> List[RegistryVersion]:
    return [value_from(RegistryVersion, fields) for fields in values]


class Registry:
    """A folder of JSON specifications, NAME.json, with attachments NAME.<attachment>.

        registry = untorn.Registry("tools", schema={"type": "object", "required": ["name"]})
        registry.add("greet", {"name": "greet"}, {"py": "print('hello')\\n"})
        registry.get("greet").attachments["py"]

    Specification and attachments appear, change and vanish together, in one transaction; damaged
    files are set aside and reported by verify(), never lost. `schema` is JSON Schema draft-07.
    Keyword arguments that are not named here go to json.dumps (indent=2 without any).
    """

    def __init__(self, folder: Path, *, schema: Optional[Spec] = None, create: bool = True,
                 keep_versions: int = 5, lock_wait: float = 10.0, tree: Optional[Path] = None,
                 **json_dumps_kwargs: Any) -> None:
        self._dumps = json_dumps_kwargs
        self._folder = path_text(folder)
        self._native = Native("Registry", {
            "path": self._folder, "create": bool(create),
            "keep_versions": count_of(keep_versions, "keep_versions", 1, 1_000_000),
            "tree": None if tree is None else path_text(tree),
        }, [] if schema is None else [spec_bytes(schema)], lock_wait=lock_wait)

    def __repr__(self) -> str:
        return f"<untorn.Registry {self._folder!r}>"

    @property
    def folder(self) -> str:
        """As it was given."""
        return self._folder

    def add(self, name: str, spec: Spec,
            attachments: Optional[Mapping[str, Union[str, Content]]] = None) -> RegistryChange:
        """A new entry. FileExistsError if there is one; code "conflict" names every problem of a
        specification that does not satisfy the schema."""
        return self._change("add", name, spec, attachments or {})

    def replace(self, name: str, spec: Spec,
                attachments: Optional[Mapping[str, Union[str, Content]]] = None) -> RegistryChange:
        """Another specification for an entry that is there. Without `attachments` those that are
        there stay; otherwise it has these and no others."""
        return self._change("replace", name, spec, attachments)

    def put(self, name: str, spec: Spec,
            attachments: Optional[Mapping[str, Union[str, Content]]] = None) -> RegistryChange:
        """add() or replace(), whichever it needs."""
        return self._change("put", name, spec, attachments)

    def remove(self, name: str) -> RegistryChange:
        """Removes an entry. Its versions stay, so that restore() can bring it back."""
        return change_from(self._native.value("remove", name=text_of(name, "name")))

    def get(self, name: str) -> RegistryEntry:
        """The entry with its attachments, of one version. FileNotFoundError if there is none."""
        return self._entry("get", name=text_of(name, "name"))

    def list(self) -> Dict[str, Any]:
        """All that can be read, by name ("entries"), and what cannot ("problems")."""
        found: Dict[str, Any] = self._native.value("list")
        return found

    def search(self, text: str = "",
               fields: Optional[Mapping[str, str]] = None) -> Dict[str, Any]:
        """As list(), the entries alone that have each word of `text` somewhere, and each field
        (a member's name or JSON pointer) with that value."""
        fields = fields or {}
        found: Dict[str, Any] = self._native.value(
            "search", text=text_of(text, "text"),
            pointers=[text_of(key, "field") for key in fields],
            values=[text_of(value, "field") for value in fields.values()])
        return found

    def validate(self, spec: Spec) -> List[SpecProblem]:
        """What the schema says about it. Empty: it would be accepted."""
        values, _ = self._native.call("validate", contents=[spec_bytes(spec, self._dumps)])
        return problems_from(values)

    def verify(self, repair: bool = True) -> Dict[str, Any]:
        """Looks at every file. With `repair`, what is damaged or missing is set aside and brought
        back; what someone edited is left alone and reported."""
        found: Dict[str, Any] = self._native.value("verify", repair=bool(repair))
        return found

    def versions(self, name: str) -> List[RegistryVersion]:
        """Newest first; also of an entry that was removed."""
        return versions_from(self._native.value("versions", name=text_of(name, "name")))

    def read_version(self, name: str, number: int) -> RegistryEntry:
        """Specification and attachments of one version."""
        return self._entry("read_version", name=text_of(name, "name"),
                           number=count_of(number, "number"))

    def restore(self, name: str, number: int) -> RegistryChange:
        """Puts a version back as a new one; brings a removed entry back."""
        return change_from(self._native.value("restore", name=text_of(name, "name"),
                                              number=count_of(number, "number")))

    def _change(self, method: str, name: str, spec: Spec,
                attachments: Optional[Mapping[str, Union[str, Content]]]) -> RegistryChange:
        contents = [spec_bytes(spec, self._dumps)]
        names = None
        if attachments is not None:
            names = [text_of(key, "attachment name") for key in attachments]
            contents += [content_of(content) for content in attachments.values()]
        arguments = {"name": text_of(name, "name"), "attachments": names}
        return change_from(self._native.call(method, arguments, contents)[0])

    def _entry(self, method: str, **arguments: Any) -> RegistryEntry:
        fields, contents = self._native.call(method, arguments)
        text = contents[0].decode("utf-8")
        return RegistryEntry(fields["name"], json.loads(text), text, fields["version"],
                             dict(zip(fields["attachments"], contents[1:])),
                             tuple(fields["files"]))
