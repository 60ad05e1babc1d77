"""What is said about why an item was shown or not, and about what a person keeps."""

SENTENCES = {
    # /why
    "why_head": "<b>Why these, in your digest of {day}</b>",
    "why_entry": "{position}. <b>{title}</b>\n{reasons}",
    "why_one": "<b>{title}</b>\n\nIt is in your digest because:\n{reasons}",
    "why_reason": "• {reason}",
    "why_none": "You have had no digest with anything in it yet. Send /digest for one, then /why says why each item "
    "is in it.",
    # /whynot
    "whynot_usage": "Send the link with it, like this: /whynot https://example.org/news. I look up what became of it.",
    "whynot_no_link": "That is no link I can look up. Send one like this: /whynot https://example.org/news",
    "whynot_unknown": "Nothing you follow has brought that link. Paste the link by itself, and I look whether its site "
    "can be followed.",
    "whynot_shown": "<b>{title}</b>\n\nYou got it: number {position} in your digest of {day}.",
    "whynot_shown_story": "<b>{title}</b>\n\nYou got the same story as <b>{other}</b>: number {position} in your "
    "digest of {day}.",
    "whynot_duplicate": "<b>{title}</b>\n\nIt tells the same story as <b>{other}</b>, and a story comes once.",
    "whynot_duplicate_ranked": "<b>{title}</b>\n\nIt tells the same story as <b>{other}</b>, and a story comes once. "
    "That one was ranked {place} of {of} for your digest of {day}, which holds {size}.",
    "whynot_duplicate_gone": "<b>{title}</b>\n\nIt tells the same story as an item you got, and a story comes once.",
    "whynot_muted": "<b>{title}</b>\n\nYour rule to mute {rule} hid it. /rules shows your rules.",
    "whynot_muted_gone": "<b>{title}</b>\n\nA rule you had hid it. /rules shows the rules you have now.",
    "whynot_ranked": "<b>{title}</b>\n\nOther items came first: it was ranked {place} of {of} for your digest of "
    "{day}, which holds {size}.",
    "whynot_no_room": "<b>{title}</b>\n\nIt did not fit into the reading time of your digest of {day}: it takes "
    "about {minutes} minutes to read. /settings changes the reading time.",
    "whynot_still": "It can still come: an item is considered for {days} days.",
    "whynot_too_old": "<b>{title}</b>\n\nIt is too old: only the latest {days} days go into digests, and it is from "
    "{date}.",
    "whynot_kind": "<b>{title}</b>\n\nYou chose not to get this kind of video from {source}.",
    "whynot_waiting": "<b>{title}</b>\n\nI have it, but have not worked through it yet. It can be in your next digest.",
    "whynot_next": "<b>{title}</b>\n\nIt came after your last digest was put together. It can be in the next one.",
    "whynot_first": "<b>{title}</b>\n\nYou have had no digest yet. It can be in your first one.",
    # /saved
    "saved_head": "<b>Saved</b> ({count})",
    "saved_line": "{number}. {title}\n<i>{source}</i>",
    "saved_none": "You have saved nothing yet. ⭐ under an item of your digest keeps it here.",
    # Toasts and buttons
    "toast_liked": "👍 Noted: more like this",
    "toast_disliked": "👎 Noted: less like this",
    "toast_taken_back": "Taken back",
    "toast_kept": "⭐ Saved: /saved shows it",
    "toast_dropped": "No longer saved",
    "toast_more": "Noted: more like this",
    "toast_less": "Noted: less like this",
}

WORDS = {
    "new": "it is fresh",
    "old": "it is new to you",
    "rare_source": "its source rarely writes",
    "words_liked": "you liked {count} items about {word}",
    "words_liked_one": "you liked an item about {word}",
    "words": "",
    "words_bare": "you liked or opened items with words like these",
    "source_liked": "you liked {count} items of this source",
    "source_liked_one": "you liked an item of this source",
    "source": "",
    "author_liked": "you liked {count} items by this author",
    "author_liked_one": "you liked an item by this author",
    "author": "",
    "topic": "your topic {topic}",
    "topic_bare": "a topic of yours",
    "kind": "you like this kind of item",
    "kind_video": "you like videos",
    "kind_podcast": "you like podcasts",
    "kind_newsletter": "you like newsletters",
    "kind_article": "you like articles",
    "length": "you like items of this length",
    "length_short": "you like short ones",
    "length_long": "you like long ones",
    "repeat": "you liked one with these very words",
    "language": "you like items in this language",
    "tellers": "{count} sources tell it",
    "tellers_one": "more than one source tells it",
    "followed": "you followed its source lately",
    "explore": "something new, to learn whether you like it",
    "update": "the story has moved on since you got it",
    "kept": "your rule says to always show it",
    "nothing": "nothing better was there",
}
"""What speaks for an item, for each key of a reason: with what the reason counts, for one, and without any of it."""

SHORT = {
    "new": "fresh",
    "old": "new to you",
    "rare_source": "rarely writes",
    "words_bare": "like what you chose",
    "explore": "something new",
    "followed": "newly followed",
    "update": "the story moved on",
    "kept": "always shown",
    "nothing": "new to you",
}
"""The same in a few words, where it is said otherwise in a line of a digest."""
