# SPDX-License-Identifier: Apache-2.0
# Saves with Path.write_text, which truncates in place; the report must name the caller's line, not
# the standard library's.
#
#: file settings.json json 10000
#: verdict violated
#: class settings.json whole
#: violation engine=kill check=atomic path=settings.json observed=empty,short lost=@saves
#: violation engine=kill check=parse path=settings.json observed=unparseable,empty,short
#:     lost=@saves
#: violation engine=power check=atomic path=settings.json observed=empty lost=@saves kept=@saves
#: violation engine=power check=parse path=settings.json observed=unparseable,empty lost=@saves
#:     kept=@saves
#: function save
import json
import pathlib


def save(settings):
    text = json.dumps(settings)
    pathlib.Path("settings.json").write_text(text)  # line: saves


save({"generation": 2, "padding": "b" * 10000})
