"""What is stored and told of the newsletters in a mailbox."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contentsync.credentials import Vault
from contentsync.db import channels, integrations, notices
from contentsync.db.account_models import Channel, Integration
from contentsync.db.engine import Database
from contentsync.puller.account import LeaseLost
from contentsync.puller.mailbox_letters import Found, Seen
from contentsync.sources.newsletter_headers import Unsubscribe
from contentsync.sources.newsletter_links import site_of

MAX_OFFERED_AT_ONCE = 5
MAX_NAME_CHARS = 60
BUTTON_NAME_CHARS = 28


async def note_newsletters(
    db: Database,
    vault: Vault,
    integration: Integration,
    letters: Sequence[Found],
    *,
    known: Mapping[str, Channel],
    new: frozenset[int],
    now: datetime,
) -> None:
    """Renew what is known of newsletters, and offer those that were not; one notice for all of them.

    Raises:
        LeaseLost: nothing was stored.
    """
    issues = _by_newsletter(letters).items()
    changed = {name: some for name, some in issues if name not in known or any(one.uid in new for one in some)}
    if not changed:
        return
    async with db.write() as session:
        await _hold(session, integration)
        offered = []
        for name, some in changed.items():
            before = known.get(name)
            channel = await channels.upsert_channel(
                session,
                integration_id=integration.id or 0,
                external_id=name,
                title=_cut(some[-1].letter.name, MAX_NAME_CHARS),
                details=_details(before, some, new),
                secret=_secret(vault, some[-1].letter.unsubscribe),
                now=now,
            )
            if before is None:
                offered.append(channel)
        if offered:
            await _offer(session, integration, offered, now)


async def note_seen(
    db: Database, integration: Integration, accepted: Mapping[str, Channel], seen: Mapping[str, Seen]
) -> None:
    """Write down which issues are there now.

    Raises:
        LeaseLost: nothing was stored.
    """
    changed = {name: mails for name, mails in seen.items() if mails.is_changed}
    if not changed:
        return
    async with db.write() as session:
        await _hold(session, integration)
        for name, mails in changed.items():
            await channels.merge_details(session, channel_id=accepted[name].id or 0, details={"seen": mails.prints})
            mails.is_changed = False


async def note_confirmations(
    db: Database, vault: Vault, integration: Integration, offers: Sequence[tuple[Found, str]], *, now: datetime
) -> None:
    """Offer a button for each mail that wants a confirmation; its link is encrypted, and never opened by us."""
    for found, link in offers:
        host = link.split("/")[2]
        async with db.write() as session:
            await notices.add_notice(
                session,
                subscriber_id=integration.subscriber_id,
                key=f"confirm/{integration.id}/{found.mail_hash}",
                text_key="newsletter_confirm",
                params={"name": _cut(found.letter.name, MAX_NAME_CHARS), "host": site_of(host.partition(":")[0])},
                keyboard=[[{"text": "Confirm subscription", "secret_url": vault.encrypt(link)}]],
                now=now,
            )


async def _offer(session: Any, integration: Integration, offered: Sequence[Channel], now: datetime) -> None:
    shown = offered[:MAX_OFFERED_AT_ONCE]
    names = ", ".join(channel.title for channel in shown)
    rows = [
        [
            {
                "text": f"Follow {_cut(channel.title, BUTTON_NAME_CHARS)}",
                "callback_data": f"news:{channel.id}:follow:0",
            },
            {"text": "No", "callback_data": f"news:{channel.id}:no:0"},
        ]
        for channel in shown
    ]
    more = len(offered) - len(shown)
    if more:
        rows.append([{"text": f"See all {len(offered)}", "callback_data": "newspage:0"}])
    text_key = "newsletter_found" if len(offered) == 1 else "newsletters_found_more" if more else "newsletters_found"
    await notices.add_notice(
        session,
        subscriber_id=integration.subscriber_id,
        key=f"newsletters/{integration.id}/{max(channel.id or 0 for channel in offered)}",
        text_key=text_key,
        params={"count": len(offered), "names": names, "more": more, "account": integration.account},
        keyboard=rows,
        now=now,
    )


async def _hold(session: Any, integration: Integration) -> None:
    held = await integrations.lock_leased(session, integration_id=integration.id or 0, lease_id=integration.lease_id)
    if not held:
        raise LeaseLost


def _by_newsletter(letters: Sequence[Found]) -> dict[str, list[Found]]:
    issues: dict[str, list[Found]] = {}
    for found in letters:
        issues.setdefault(found.letter.list_id, []).append(found)
    return issues


def _details(before: Channel | None, some: Sequence[Found], new: frozenset[int]) -> dict[str, Any]:
    details = dict(before.details) if before is not None else {}
    last = max((one.letter.sent_at for one in some if one.letter.sent_at), default=None)
    return details | {
        "issues": int(details.get("issues", 0)) + sum(one.uid in new for one in some),
        "last_at": last.isoformat() if last else details.get("last_at"),
        "address": some[-1].letter.address,
        "one_click": some[-1].letter.unsubscribe.one_click,
    }


def _secret(vault: Vault, unsubscribe: Unsubscribe) -> str | None:
    """How to leave the list, encrypted; None keeps what was known."""
    if not unsubscribe.link and not unsubscribe.mailto:
        return None
    ways = {"link": unsubscribe.link, "mailto": unsubscribe.mailto, "one_click": unsubscribe.one_click}
    return vault.encrypt(json.dumps(ways))


def _cut(title: str, limit: int) -> str:
    return title if len(title) <= limit else title[: limit - 1].rstrip() + "…"
