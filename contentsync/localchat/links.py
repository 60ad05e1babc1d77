"""Finds what Telegram marks by itself in plain text: links, commands, mentions, hashtags and e-mail addresses.

Offsets here count characters of the Python string; `entities.py` turns them into UTF-16 units.
"""

import re
from collections.abc import Iterator

_TOP_DOMAINS = (
    "app art biz blog cafe cloud club com dev edu email events fm games gov info int io live media me mil mobi museum "
    "name net news one online org page photo press pro radio science shop site social space store studio tech today "
    "top tv video wiki work world xyz zone "
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd "
    "cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge "
    "gf gg gh gi gl gm gn gp gq gr gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki "
    "km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx "
    "my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc "
    "sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us "
    "uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw рф укр бел"
)

"""Endings by which a bare name counts as a link."""

_DOMAIN = r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:" + _TOP_DOMAINS.replace(" ", "|") + r")"
_TAIL = r"(?:[/?#][^\s<>\"«»“”]*)?"

_MARKS = re.compile(
    rf"""
      (?P<url>      (?<![\w@/]) https?://[^\s<>"«»“”/?\#]+{_TAIL}
                    | (?<![\w@/.-]) (?:{_DOMAIN})(?![\w@-])(?::\d+)?{_TAIL} )
    | (?P<email>    (?<![\w.+-]) [A-Za-z0-9_.+-]+@(?:{_DOMAIN}) (?![\w@-]) )
    | (?P<bot_command> (?<![\w/<>@]) /[A-Za-z0-9_]{{1,64}}(?:@[A-Za-z0-9_]{{3,32}})? (?![\w/]) )
    | (?P<mention>  (?<![\w/@]) @[A-Za-z][A-Za-z0-9_]{{3,31}} (?![\w]) )
    | (?P<hashtag>  (?<![\w/&\#]) \#\w*[^\W\d]\w* )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CLOSERS = {")": "(", "]": "[", "}": "{"}


def find_marks(text: str) -> Iterator[tuple[str, int, int]]:
    """Each mark as (entity type, start, end), ascending, not overlapping.

    Source: https://core.telegram.org/bots/api#messageentity
    """
    position = 0
    while (match := _MARKS.search(text, position)) is not None:
        kind = match.lastgroup or ""
        end = _trimmed_end(text, match.start(), match.end()) if kind == "url" else match.end()
        yield kind, match.start(), end
        position = end


def _trimmed_end(text: str, start: int, end: int) -> int:
    """Where a link ends: punctuation that closes the sentence around it is not part of it."""
    while end > start:
        last = text[end - 1]
        inside = text[start : end - 1]
        closes_outside = last in _CLOSERS and inside.count(_CLOSERS[last]) <= inside.count(last)
        if last not in ".,:;!?'…" and not closes_outside:
            break
        end -= 1
    return end
