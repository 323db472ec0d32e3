# SPDX-License-Identifier: Apache-2.0
# Lives in the root that it writes to and finds its state by its own path; the report then names the
# source relative to the root.
#
#: before cp {program} app.py
#: file state.json json 300
#: command {python} {root}/app.py
#: verdict violated
#: source app.py
#: violation engine=kill check=atomic path=state.json observed=empty,short lost=@saves
#: violation engine=kill check=parse path=state.json observed=unparseable,empty,short
#:     lost=@saves
#: violation engine=power check=atomic path=state.json observed=empty lost=@saves kept=@saves
#: violation engine=power check=parse path=state.json observed=unparseable,empty lost=@saves
#:     kept=@saves
import pathlib

state = pathlib.Path(__file__).resolve().parent / "state.json"
state.write_text('{"generation": 2}\n')  # line: saves
