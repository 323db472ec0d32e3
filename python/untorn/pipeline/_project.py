# SPDX-License-Identifier: Apache-2.0
"""What the classes over a project directory share."""

import logging
from typing import Any, ClassVar, Optional

from untorn._native import Native, Path, count_of, level_of, mode_of, path_text

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING,
           "error": logging.ERROR}


class ProjectObject:
    """Over `project_dir`, which must exist; `PROJECT/.pipeline` is made if it is not there.

    logger       gets what happens; by default logging.getLogger("untorn.pipeline")
    durability   "process", "ordered" or "durable" (the default)
    generations  how many versions of each document are kept
    mode         permission bits of documents that do not exist yet
    read_only    look only: nothing is made or recovered, and what would write is refused
    lock_wait    how many seconds to wait for a lock before an error with code "busy"
    count        count commits and recoveries below PROJECT/.untorn, for `untorn watch`
    """

    _kind: ClassVar[str]

    def __init__(self, project_dir: Path, logger: Optional[logging.Logger] = None, *,
                 durability: str = "durable", generations: int = 5, mode: Optional[int] = None,
                 read_only: bool = False, lock_wait: float = 10.0, count: bool = True) -> None:
        if logger is None:
            logger = logging.getLogger("untorn.pipeline")
        elif not callable(getattr(logger, "log", None)):
            raise TypeError(f"logger must be a logging.Logger, not {type(logger).__name__}")
        self.logger = logger
        self._project_dir = path_text(project_dir)
        self._native = Native(self._kind, {
            "path": self._project_dir, "durability": level_of(durability),
            "generations": count_of(generations, "generations", 1, 1_000_000),
            "mode": mode_of(mode), "read_only": bool(read_only), "count": bool(count),
        }, lock_wait=lock_wait, log=_log_function(logger))

    def __repr__(self) -> str:
        return f"<untorn.pipeline.{type(self).__name__} {self._project_dir!r}>"

    @property
    def project_dir(self) -> str:
        """As it was given."""
        return self._project_dir


def _log_function(logger: logging.Logger) -> Any:
    def log(level: str, line: str) -> None:
        logger.log(_LEVELS.get(level, logging.INFO), "%s", line)
    return log
