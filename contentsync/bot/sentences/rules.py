"""What is said about mute and keep rules."""

SENTENCES = {
    # What a rule is about
    "rule_words": "<b>{pattern}</b>",
    "rule_words_all": "all of the words <b>{pattern}</b>",
    "rule_words_any": "any of <b>{pattern}</b>",
    "rule_phrase": "the words “<b>{pattern}</b>” in a row",
    "rule_source": "the source <b>{pattern}</b>",
    "rule_author": "the author <b>{pattern}</b>",
    "rule_language": "everything in <b>{pattern}</b>",
    "rule_regex": "the expression <code>/{pattern}/</code>",
    "rule_for_ever": "for ever",
    "rule_until": "until {end}",
    # A rule that was just made
    "rule_mute": "🔇 Muted: {rule}, {end}.",
    "rule_keep": "📌 Always shown: {rule}, {end}.",
    "rule_mute_removed": "Taken back: {rule} is no longer muted.",
    "rule_keep_removed": "Taken back: {rule} is ranked like everything else again.",
    "rule_mute_met": "It would have hidden {count} of the last {total} items of what you follow:",
    "rule_mute_met_one": "It would have hidden 1 of the last {total} items of what you follow:",
    "rule_keep_met": "{count} of the last {total} items of what you follow fit it:",
    "rule_keep_met_one": "1 of the last {total} items of what you follow fits it:",
    "rule_mute_met_none": "It would have hidden none of the last {total} items of what you follow.",
    "rule_keep_met_none": "None of the last {total} items of what you follow fits it.",
    "rule_nothing_yet": "There are no items yet to try it on.",
    "rule_met_line": "• {title} <i>· {source}</i>",
    "rule_met_more": "… and {count} more.",
    "rule_mute_before": "{count} of these were hidden by other rules already.",
    "rule_mute_before_one": "1 of these was hidden by another rule already.",
    "rule_keep_before": "{count} of these were muted until now.",
    "rule_keep_before_one": "1 of these was muted until now.",
    "rule_beaten": "{count} more fit it, but stay because of what you always want to see (/rules).",
    "rule_beaten_one": "1 more fits it, but stays because of what you always want to see (/rules).",
    "rule_mute_much": "That is much of what you get: tap Undo if it is too much.",
    # The list
    "rules_none": "You have no rules. Send /mute and what you never want to see, for example <code>/mute "
    "crypto</code> or <code>/mute crypto for a week</code>; send /keep and what you always want to see.",
    "rules_head": "<b>Your rules</b> ({count})",
    "rules_page": "<b>Your rules</b> ({count}), page {page} of {pages}",
    "rules_line_mute": "{number}. 🔇 {rule}, {end}",
    "rules_line_keep": "{number}. 📌 {rule}, {end}",
    "rules_removed": "Removed: {rule}.",
    # Questions
    "ask_mute": """What do you never want to see? Send

• words: <code>crypto</code> – several mean all of them, <code>crypto, nft</code> any of them
• words in a row: <code>"black friday"</code>
• a source: <code>@its name</code>, or <code>author: name</code>, or <code>language: German</code>
• a regular expression: <code>/\\d+% off/</code>

and for how long, if not for ever: <code>crypto for a week</code>, <code>crypto until 1 May</code>.
/cancel leaves it.""",
    "ask_keep": """What do you always want to see, even where it is muted? Send

• words: <code>rust</code> – several mean all of them, <code>rust, zig</code> any of them
• words in a row: <code>"temporal workflow"</code>
• a source: <code>@its name</code>, or <code>author: name</code>, or <code>language: German</code>
• a regular expression: <code>/rust \\d/</code>

and for how long, if not for ever: <code>elections until 9 November</code>.
/cancel leaves it.""",
    "ask_mute_again": "There is no word in that. Send what to mute, for example crypto, or /cancel.",
    "ask_keep_again": "There is no word in that. Send what to always show, for example rust, or /cancel.",
    "expired_mute": "I no longer wait for what to mute. /mute asks again.",
    "expired_keep": "I no longer wait for what to always show. /keep asks again.",
    "choose_rule_source": "You follow several that are called so. Which one do you mean?",
    "card_mute": "What do you not want to see any more?\n\n<b>{title}</b>\n<i>{source}</i>",
    # What cannot be used
    "rule_empty": "There is no word in that. Send a word, a name or a phrase, for example <code>/mute crypto</code>.",
    "rule_long": "That is too long: a rule has at most {most} characters. Send the words that matter.",
    "rule_time_wrong": "I cannot read that as a time to come. End with for 3 days, for 2 weeks, until Friday, until 1 "
    "May or until 2030-05-01, or leave it out.",
    "rule_no_language": "I know no language called “{name}”. Send its name in English ({names}, …) or its code of two "
    "letters, like pl.",
    "rule_no_source": "You follow nothing called “{name}”. /sources shows what you follow; send a part of such a "
    "title, or its link.",
    "rule_too_many": "You have {count} rules, which is as many as I can keep. Remove some in /rules first.",
    "rule_too_many_regexes": "You have {count} regular expressions, which is as many as I can keep. Remove one in "
    "/rules, or use words: with commas between them, any will do.",
    "rule_gone": "That rule is no longer there. /rules shows the ones you have.",
    "regex_unclosed": "A regular expression stands between two slashes: <code>/expression/</code>. Add the one at the "
    "end, or leave out the one at the beginning to look for words.",
    "regex_group_open": "In this expression the <code>{part}</code> at character {position} is never closed. Add a ) "
    "or write \\( for the character itself.",
    "regex_group_closed": "In this expression the <code>{part}</code> at character {position} closes nothing. Remove "
    "it or write \\) for the character itself.",
    "regex_class_open": "In this expression the <code>{part}</code> at character {position} is never closed. Add a ] "
    "or write \\[ for the character itself.",
    "regex_class_range": "In this expression <code>{part}</code> at character {position} is no set of characters I "
    "know. Write a range from low to high like a-z, or a class like \\d, \\w or \\p{{Greek}}.",
    "regex_repeat_nothing": "In this expression the <code>{part}</code> at character {position} has nothing before it "
    "to repeat. Put something there, or write a \\ before it for the character itself.",
    "regex_repeat_twice": "In this expression <code>{part}</code> at character {position} repeats what is repeated "
    "already. Keep one of these signs.",
    "regex_repeat_size": "In this expression <code>{part}</code> at character {position} repeats too often, or its "
    "numbers are the wrong way round. At most 1000 times in all; * and + have no limit.",
    "regex_unsupported": "In this expression <code>{part}</code> at character {position} is something I leave out, "
    "because it can take for ever: looking ahead or behind and the like. Send it without that.",
    "regex_escape": "In this expression I do not know <code>{part}</code> at character {position}. Known are \\d \\w "
    "\\s \\b and their capitals; a group cannot be referred to later. For the character itself leave out the \\.",
    "regex_escape_open": "In this expression the <code>{part}</code> at character {position} has no end. Remove it, "
    "or write \\\\ for the character itself.",
    "regex_too_large": "This expression is too large once it is spelled out. Use smaller counts, or send it in parts "
    "as several rules.",
    "regex_empty": "This expression fits every text, because all of it may be missing. Let at least one character be "
    "there, for example with + instead of *.",
    "regex_other": "I cannot use this expression. Try it simpler: the signs I know are . * + ? | ( ) [ ] {{ }} ^ $ "
    "and \\.",
    # Toasts under a button
    "toast_taken_back": "Taken back",
    "toast_back_again": "It holds again",
}
