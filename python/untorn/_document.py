# SPDX-License-Identifier: Apache-2.0
"""One JSON document that comes back."""

import json
from typing import Any, Callable, List, Optional

from untorn._native import (Native, Path, count_of, function_of, level_of, mode_of,
                            path_text)
from untorn._values import (Generation, Recovery, ReplacedDocument, generation_from, recovery_from,
                            replaced_from)


class Document:
    """A JSON file that is replaced whole and keeps its last good versions as generations.

        document = untorn.Document("state.json", indent=2)
        state = document.load(default={})
        document.replace({**state, "runs": 7})
        document.update(lambda state: {**(state or {}), "runs": 8})  # no update of others is lost

    Damage is answered by the newest good generation, never by an empty document: load() sets the
    damaged file aside as NAME.damaged-<number>, puts the generation in its place, and
    `last_recovery` says what happened. Keyword arguments that are not named here go to json.dumps,
    so the file is byte for byte what json.dump would write.

    `generations` are kept in `.untorn/documents` beside the file, or in that of the folder `tree`.
    `lock_wait` is in seconds. A `read_only` document is never written, not even to recover it.
    """

    def __init__(self, path: Path, *, durability: str = "durable", generations: int = 5,
                 mode: Optional[int] = None, read_only: bool = False, lock_wait: float = 10.0,
                 tree: Optional[Path] = None, **json_dumps_kwargs: Any) -> None:
        self._path = path_text(path)
        self._native = Native("Document", {
            "path": self._path, "durability": level_of(durability), "mode": mode_of(mode),
            "generations": count_of(generations, "generations", 1, 1_000_000),
            "read_only": bool(read_only), "tree": None if tree is None else path_text(tree),
        }, lock_wait=lock_wait)
        self._dumps = json_dumps_kwargs
        self._recovery: Optional[Recovery] = None
        self._generation = 0
        self._edited = False

    def __repr__(self) -> str:
        return f"<untorn.Document {self._path!r}>"

    @property
    def path(self) -> str:
        """As it was given."""
        return self._path

    @property
    def last_recovery(self) -> Optional[Recovery]:
        """What the last call had to do about damage; None if there was none."""
        return self._recovery

    @property
    def generation(self) -> int:
        """The number of the generation that holds what was loaded or written last; 0: none."""
        return self._generation

    @property
    def edited(self) -> bool:
        """The content that load() gave was written by another program."""
        return self._edited

    def load(self, default: Any = None) -> Any:
        """The content, recovered first if it is damaged; `default` if there never was any.

        Raises untorn.Error with code "corrupt" if it is damaged and no generation can be used (it
        is left as it is), "unsupported" if it is in a form that is not read.
        """
        value, contents = self._native.call("load")
        self._recovery = recovery_from(value["recovery"])
        self._generation, self._edited = value["generation"], value["edited"]
        return json.loads(contents[0].decode("utf-8")) if contents else default

    def replace(self, value: Any, *, unless_newer_than: Optional[int] = None,
                **json_dumps_kwargs: Any) -> ReplacedDocument:
        """Replaces the content. Equal bytes are not written again.

        `unless_newer_than`: fail with code "conflict" if a later generation than this one was made
        meanwhile; pass `generation` to replace only what load() gave.
        """
        if unless_newer_than is not None:
            unless_newer_than = count_of(unless_newer_than, "unless_newer_than")
        content = self._encode(value, json_dumps_kwargs)
        fields, _ = self._native.call("replace", {"unless_newer_than": unless_newer_than},
                                      [content])
        return self._note(replaced_from(fields))

    def update(self, change: Callable[[Any], Any], **json_dumps_kwargs: Any) -> Any:
        """load(), `change` and replace() with nobody between; returns the new content.

        `change` gets the content, None for a new document, and returns the new one. If it returns
        None, nothing is written; if it raises, nothing is written and the exception goes on.
        Do not use the same document inside of `change`.
        """
        function_of(change, "change")
        result: List[Any] = [None]

        def work(text: Optional[bytes]) -> Optional[bytes]:
            old = None if text is None else json.loads(text.decode("utf-8"))
            new = change(old)
            result[0] = old if new is None else new
            return None if new is None else self._encode(new, json_dumps_kwargs)

        fields, _ = self._native.call("update", function=work)
        self._note(replaced_from(fields))
        return result[0]

    def recover(self) -> Optional[Recovery]:
        """Sets a damaged or unreadable file aside and brings the newest good generation back.

        For a person who decided that the file is wrong. None: it is good, and was left alone.
        """
        self._recovery = recovery_from(self._native.value("recover"))
        return self._recovery

    def history(self) -> List[Generation]:
        """The generations, newest first."""
        return [generation_from(fields) for fields in self._native.value("history")]

    def read_generation(self, number: int) -> Any:
        """The content of that generation."""
        _, contents = self._native.call("read_generation", {"number": count_of(number, "number")})
        return json.loads(contents[0].decode("utf-8"))

    def restore(self, number: int) -> ReplacedDocument:
        """Makes the content of that generation the newest one."""
        fields = self._native.value("restore", number=count_of(number, "number"))
        return self._note(replaced_from(fields))

    def _encode(self, value: Any, json_dumps_kwargs: Any) -> bytes:
        return json.dumps(value, **{**self._dumps, **json_dumps_kwargs}).encode("utf-8")

    def _note(self, replaced: ReplacedDocument) -> ReplacedDocument:
        self._recovery, self._generation = replaced.recovery, replaced.generation
        self._edited = False
        return replaced
