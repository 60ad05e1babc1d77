"""Every mail of the corpus is read: those that are newsletters are told from those that are not."""

import os
from pathlib import Path

import pytest

from contentsync.sources.base import Fetched
from contentsync.sources.newsletter import NewsletterReader, confirmation_of, fingerprint, read_mail
from contentsync.sources.newsletter_headers import read_letter

CORPUS = Path(os.environ.get("CORPUS", "nowhere")) / "newsletters"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="set CORPUS")

NEWSLETTERS = {"mail_test_5", "mail_test_6", "mail_test_13"}
NO_MAILS = {"mail_outlook_1", "mixed.eml", "base64encodedroot.eml"}
"""A file of another format, a mail without any header, and an image without a word."""


def test_every_mail_is_read() -> None:
    told, skipped, read = {}, set(), 0
    for path in sorted(path for path in CORPUS.rglob("*") if path.is_file()):
        body = path.read_bytes()
        document = NewsletterReader().parse(Fetched(url="mid:1", status=200, headers=(), body=body, body_hash=""))
        header = read_letter(body[:16_384])
        if header.verdict.is_newsletter:
            told[path.name] = header.verdict.reasons
        if document.skipped:
            skipped.add(path.name)
        read += 1
        assert len(fingerprint(read_mail(body))) == 32
        assert confirmation_of(body) is None
        for entry in document.entries:
            assert entry.external_id
            assert entry.title
            assert "<script" not in entry.summary_html.lower()
    print(f"{read} read, {len(skipped)} with nothing to read {sorted(skipped)}, newsletters: {told}")
    assert set(told) == NEWSLETTERS
    assert skipped == NO_MAILS
    assert read == 32
