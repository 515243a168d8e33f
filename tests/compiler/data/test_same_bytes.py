"""The same spec, version and seed give the same bytes, whatever the Python and the libraries.

The hashes in `data_hashes.json` are those of the library's data as JSON Lines. Where data is meant
to change, CAUSALSPEC_WRITE_HASHES=1 writes them anew: everybody who made data with the version
before gets other rows, so the change log says so.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from causalspec.compiler.data.forms.write import Form, Order, write_data
from tests.helpers.spec_files import each_spec, loaded

HASHES = Path(__file__).with_name("data_hashes.json")


@each_spec
def test_the_data_of_the_library_has_the_bytes_it_had(path: Path, tmp_path: Path) -> None:
    specification = loaded(path)
    found: dict[str, str] = {}
    for name, design in specification.counterfactuals.items():
        order = Order(specification, design, [split.name for split in design.splits], slots=True)
        for written in write_data(order, tmp_path, Form.JSON_LINES, "any"):
            hashed = hashlib.sha256(written.rows.read_bytes()).hexdigest()
            found[f"{name}.{written.split}"] = hashed
    recorded = json.loads(HASHES.read_text(encoding="utf-8")) if HASHES.is_file() else {}
    if os.environ.get("CAUSALSPEC_WRITE_HASHES"):
        recorded[path.stem] = found
        HASHES.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert found == recorded.get(path.stem, {})
