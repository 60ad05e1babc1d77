"""Looking for secrets wherever an instance leaves anything: files, rows, raw answers, Temporal's histories, output."""

import base64
import gzip
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from urllib.parse import quote

from temporalio.client import Client

from tests.instance import Instance


async def find_secrets(instance: Instance, secrets: Sequence[str]) -> dict[str, set[str]]:
    """For each secret the places where it stands in clear, or in an encoding that hides nothing.

    A place is `file <path>` (also the log of a SQLite file, and what it has freed but not overwritten), `row <file>
    <table>.<column>`, `warc <path>` (decompressed), `history <workflow type>` or `stdout`. Histories are read while the
    instance runs; the rest also when it has ended.
    """
    found: dict[str, set[str]] = {secret: set() for secret in secrets}
    forms = {secret: _forms(secret) for secret in secrets}
    places = [*_files(instance), *_rows(instance), ("stdout", "\n".join(instance.output).encode())]
    if instance.runs:
        places += [place async for place in _histories(instance)]
    for place, content in places:
        for secret in secrets:
            if any(form in content for form in forms[secret]):
                found[secret].add(place)
    return found


def _forms(secret: str) -> set[bytes]:
    """The secret as it is, in a URL, in JSON, and in base64 wherever it begins there."""
    data = secret.encode()
    forms = {data, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode(), data.hex().encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + data)
        whole = encoded[4 if shift else 0 : len(encoded) - 4]  # without what its neighbours have a share in
        forms |= {whole, whole.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


def _files(instance: Instance) -> Iterator[tuple[str, bytes]]:
    for path in sorted(path for path in instance.directory.rglob("*") if path.is_file()):
        name = path.relative_to(instance.directory).as_posix()
        content = path.read_bytes()
        yield f"file {name}", content
        if path.suffix == ".gz":
            yield f"warc {name}", gzip.decompress(content)


def _rows(instance: Instance) -> Iterator[tuple[str, bytes]]:
    """Every value of every row: in the file itself a long one is cut into pages."""
    for path in sorted(instance.directory.rglob("*.db")):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            connection.text_factory = bytes
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for table in sorted(row[0].decode() for row in tables):
                cursor = connection.execute(f'SELECT * FROM "{table}"')
                columns = [column[0] for column in cursor.description]
                for row in cursor:
                    for column, value in zip(columns, row, strict=True):
                        yield f"row {path.name} {table}.{column}", value if isinstance(value, bytes) else b""
        connection.close()


async def _histories(instance: Instance) -> AsyncIterator[tuple[str, bytes]]:
    port = json.loads((instance.data / "temporal.json").read_text())["port"]
    client = await Client.connect(f"127.0.0.1:{port}")
    async for workflow in client.list_workflows():
        history = await client.get_workflow_handle(workflow.id, run_id=workflow.run_id).fetch_history()
        for event in history.events:
            yield f"history {workflow.workflow_type}", event.SerializeToString()
