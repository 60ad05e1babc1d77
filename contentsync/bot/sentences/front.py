"""What the front desk says."""

SENTENCES = {
    # The first words
    "hello": "Hello, {name}!",
    "hello_nameless": "Hello!",
    "what_this_is": "I follow sites, blogs, podcasts, YouTube channels, newsletters and news topics for you, "
    "drop what repeats, and send what is left as one short digest a day.",
    "how_to_begin": "Paste a link to anything you read, watch or hear. To bring in newsletters, YouTube subscriptions "
    "or news topics, connect an account.",
    "now_owner": "This bot is yours now: you are its owner.",
    "digest_comes": "Your digest comes daily at {time}, {zone}.",
    "digest_comes_utc": "Your digest comes daily at {time} UTC. If that is not your time, set your time zone.",
    "digest_is_paused": "Your digest is paused. Send /resume and it comes again daily at {time}, {zone}.",
    "help": """<b>What I understand</b>

Any link: I find what can be followed there
/add – follow a site, feed, channel or podcast
/sources – what you follow, and how it is
/topics – what you want to read about
/youtube – follow what you subscribe to on YouTube
/newsletters – the newsletters in your mailbox
/digest – a digest right now
/why – why each item of your last digest is in it
/whynot and a link – what became of it
/saved – what you keep with ⭐
/mute – what you never want to see
/keep – what you always want to see
/rules – what is muted, and how long
/connect – News API, YouTube, newsletters by mail
/settings – time, time zone, size
/pause – no digests for a while
/resume – digests again
/cancel – leave an open question
/help – this list
/start – the beginning""",
    # Finding and following
    "found": "<b>{title}</b>\n{site}",
    "found_headlines": "<b>{title}</b>\n{site}\n\nLatest:\n{headlines}",
    "headline": "• {title}",
    "already_following": "You follow this one already.",
    "first_link_only": "I looked at the first link only. Send the others one at a time.",
    "following": "Following <b>{title}</b>. {count} new now.",
    "following_quiet": "Following <b>{title}</b>. Nothing is there yet; what comes goes into your digest.",
    "following_soon": "Following <b>{title}</b>. The first items come in a moment.",
    "following_trouble": "Following <b>{title}</b>, but I could not read it just now. {reason} "
    "/sources shows how it is.",
    "unfollowed": "You no longer follow <b>{title}</b>.",
    "source_gone": "That source is no longer there. Paste its link to find it again.",
    # Sources
    "no_sources": "You follow nothing yet. Paste a link to a site, blog, YouTube channel or podcast, or connect an "
    "account to bring in newsletters, YouTube subscriptions or news topics.",
    "sources_head": "<b>What you follow</b> ({count})",
    "sources_page": "<b>What you follow</b> ({count}), page {page} of {pages}",
    "source_line": "{number}. <b>{title}</b>\n{health}",
    "confirm_unfollow": "Unfollow <b>{title}</b>?",
    # Settings
    "settings": """<b>Settings</b>

Digest: {state}
Time: {time}
Time zone: {zone} (it is {clock} for you now)
Size: up to {size} items
Reading time: {reading}""",
    "reading_any": "as long as it takes",
    "reading_minutes": "up to {minutes} minutes a digest",
    "state_on": "daily",
    "state_paused": "paused",
    "paused": "Paused: no digests until you send /resume. What you follow stays.",
    "resumed": "Welcome back. Your next digest comes on {day} at {time}, {zone}.",
    # Dialogs
    "ask_add_link": "Send me the link: a site, a feed, a YouTube channel or a podcast. /cancel leaves it.",
    "ask_add_link_again": "That is no link I can use. Send one like https://example.org, or /cancel.",
    "ask_digest_time": "When shall the digest come? Send a time like 7:30, 7.30 pm or 19h. /cancel leaves it.",
    "ask_digest_time_again": "I cannot read that as a time. Send one like 7:30, 7.30 pm or 19h, or /cancel.",
    "ask_time_zone": "Which city are you in? Send its name, or a time zone like Europe/Kyiv. /cancel leaves it.",
    "ask_time_zone_again": "I know no such city. Send a larger one nearby or a time zone like Europe/Kyiv, or /cancel.",
    "choose_time_zone": "Which one do you mean? If none of these, send another name.",
    "digest_time_set": "Done: your digest comes daily at {time}, {zone}.",
    "digest_time_set_utc": "Done: your digest comes daily at {time} UTC. If that is not your time, set your time zone "
    "in /settings.",
    "time_zone_set": "Done: your time zone is {zone}, it is {clock} for you now.",
    "dialog_cancelled": "Left as it was.",
    "dialog_lost": "Sorry, I lost the thread of that question. Begin it again, for example with /settings or /add.",
    "nothing_to_cancel": "There is nothing to cancel. /help shows what I can do.",
    "expired_add_link": "I no longer wait for the link. Paste one whenever you like.",
    "expired_digest_time": "I no longer wait for the time; it stays as it was. /settings changes it.",
    "expired_time_zone": "I no longer wait for the city; your time zone stays as it was. /settings changes it.",
    # Everything else
    "unknown_text": "I did not understand that. Paste a link to follow something, or send /digest, /sources, "
    "/settings or /help.",
    "unknown_command": "I do not know that command. /help lists the ones I know.",
    "not_text": "I can only read text so far. Paste a link to follow something, or send /help.",
    "old_button": "That button no longer works. Send the command again for a fresh one.",
    "went_wrong": "Sorry, something went wrong on my side with your last message. Please try it again later.",
    "try_again": "I try again by myself.",
    "slow_search": "Looking at that link takes too long. Please try again in a few minutes.",
    "private_bot": "This is a private bot. Its owner can invite you, or you can run your own: it is free software.",
    "stale_claim": "This claim link no longer works. Open the one that the latest start of contentsync printed.",
    "groups": "I work in private chats only. Write to me directly, please.",
    # Toasts under a button
    "toast_saved": "Saved",
    "toast_unfollowed": "Unfollowed",
    "toast_looking": "One moment…",
}

COMMANDS = {
    "start": "The beginning",
    "add": "Follow a site, feed, channel or podcast",
    "sources": "What you follow, and how it is",
    "topics": "What you want to read about",
    "youtube": "Follow what you subscribe to on YouTube",
    "newsletters": "The newsletters in your mailbox",
    "digest": "A digest right now",
    "why": "Why each item of your last digest is in it",
    "whynot": "What became of a link",
    "saved": "What you keep with ⭐",
    "mute": "What you never want to see",
    "keep": "What you always want to see",
    "rules": "What is muted, and how long",
    "connect": "News API, YouTube, newsletters by mail",
    "settings": "Time, time zone, size",
    "pause": "No digests for a while",
    "resume": "Digests again",
    "cancel": "Leave an open question",
    "help": "What I can do",
}
"""What Telegram's command menu shows."""
