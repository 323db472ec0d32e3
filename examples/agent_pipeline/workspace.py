# SPDX-License-Identifier: Apache-2.0
"""Where things lie in a project that the pipeline works on."""

import shutil
from pathlib import Path

SAMPLE = Path(__file__).resolve().parent / "sample_project"


class Workspace:
    """The folders of one project; `prepare` fills an empty one with the sample."""

    def __init__(self, project_dir: Path):
        self.project_dir = Path(project_dir).resolve()
        self.data_dir = self.project_dir / ".pipeline"
        self.tools_dir = self.data_dir / "tools"
        self.roles_dir = self.data_dir / "roles"
        self.patches_dir = self.data_dir / "patches"
        self.backup_dir = self.data_dir / "backups"
        self.debug_dir = self.data_dir / "debug"
        self.log_dir = self.data_dir / "logs"
        self.prompts_dir = self.project_dir / "prompts"
        self.docs_dir = self.project_dir / "docs"

    def prepare(self) -> None:
        for folder in (
            self.project_dir,
            self.tools_dir,
            self.roles_dir,
            self.patches_dir,
            self.backup_dir,
            self.debug_dir,
            self.log_dir,
            self.prompts_dir,
            self.docs_dir,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        self._add_missing_samples()

    def _add_missing_samples(self) -> None:
        for sample in sorted(SAMPLE.rglob("*")):
            target = self.project_dir / sample.relative_to(SAMPLE)
            if sample.is_dir() or "__pycache__" in sample.parts or target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(sample, target)
