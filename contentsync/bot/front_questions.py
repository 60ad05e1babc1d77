"""The questions of the front desk: a link, a time, a place."""

import asyncio

from contentsync.bot.answers import bare_link, format_time, links_in, parse_time
from contentsync.bot.contract import FIND_LINK, DialogReply
from contentsync.bot.meaning import Asked, Meaning, Question
from contentsync.bot.zones import clock, find_zones
from contentsync.db.subscribers import Changes

ADD_LINK = "add_link"
DIGEST_TIME = "digest_time"
TIME_ZONE = "time_zone"


async def _add_link(text: str, _asked: Asked) -> Meaning:
    link = next(iter(links_in(text)), None) or bare_link(text)
    if link is None:
        return Meaning(DialogReply("ask_add_link_again", asks=ADD_LINK))
    return Meaning(DialogReply(FIND_LINK), text=link)


async def _digest_time(text: str, asked: Asked) -> Meaning:
    minute = parse_time(text)
    if minute is None:
        return Meaning(DialogReply("ask_digest_time_again", asks=DIGEST_TIME))
    text_key = "digest_time_set_utc" if asked.subscriber.time_zone == "UTC" else "digest_time_set"
    reply = DialogReply(text_key, {"time": format_time(minute), "zone": asked.subscriber.time_zone})
    return Meaning(reply, Changes(digest_minute=minute))


async def _time_zone(text: str, asked: Asked) -> Meaning:
    places = await asyncio.to_thread(find_zones, text)
    if not places:
        return Meaning(DialogReply("ask_time_zone_again", asks=TIME_ZONE))
    if len(places) > 1:
        choices = tuple((place.label, place.zone) for place in places)
        return Meaning(DialogReply("choose_time_zone", asks=TIME_ZONE), places=choices)
    zone = places[0].zone
    return Meaning(
        DialogReply("time_zone_set", {"zone": zone, "clock": clock(asked.now, zone)}), Changes(time_zone=zone)
    )


QUESTIONS: dict[str, Question] = {ADD_LINK: _add_link, DIGEST_TIME: _digest_time, TIME_ZONE: _time_zone}
