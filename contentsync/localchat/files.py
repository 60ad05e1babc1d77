"""Files that people and the bot sent, and where the bot downloads them. Functions on the database."""

import secrets
import sqlite3
from typing import Any

from contentsync.localchat.parameters import Upload

Json = dict[str, Any]


def add_file(
    connection: sqlite3.Connection, upload: Upload, *, folder: str, size: tuple[int, int] | None = None
) -> Json:
    """Store a file; gives its row without the bytes. `folder`: "documents" or "photos"."""
    (count,) = connection.execute("SELECT count(*) FROM file").fetchone()
    suffix = "." + upload.name.rpartition(".")[2] if "." in upload.name else ""
    file = {
        "file_id": secrets.token_urlsafe(36),
        "unique_id": secrets.token_urlsafe(11),
        "path": f"{folder}/file_{count}{suffix if suffix[1:].isalnum() else ''}",
        "name": upload.name,
        "mime_type": upload.mime_type,
        "width": size[0] if size else None,
        "height": size[1] if size else None,
    }
    connection.execute(
        "INSERT INTO file VALUES (:file_id, :unique_id, :path, :name, :mime_type, :width, :height, :content)",
        file | {"content": upload.content},
    )
    return file | {"size": len(upload.content)}


def find_file(connection: sqlite3.Connection, *, file_id: str = "", path: str = "") -> Json | None:
    """A file's row without its bytes."""
    row = connection.execute(
        "SELECT file_id, unique_id, path, name, mime_type, width, height, length(content) AS size "
        "FROM file WHERE file_id = ? OR path = ?",
        (file_id, path),
    ).fetchone()
    return None if row is None else dict(row)


def read_file(connection: sqlite3.Connection, file_id: str) -> bytes:
    """The bytes of a file that is known to exist."""
    (content,) = connection.execute("SELECT content FROM file WHERE file_id = ?", (file_id,)).fetchone()
    return bytes(content)


def document(file: Json) -> Json:
    """A Bot API Document."""
    return {
        "file_id": file["file_id"],
        "file_unique_id": file["unique_id"],
        "file_name": file["name"],
        "mime_type": file["mime_type"],
        "file_size": file["size"],
    }


def photo(file: Json) -> list[Json]:
    """The sizes of a Bot API photo; here there is one."""
    return [
        {
            "file_id": file["file_id"],
            "file_unique_id": file["unique_id"],
            "width": file["width"],
            "height": file["height"],
            "file_size": file["size"],
        }
    ]
