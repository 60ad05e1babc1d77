"""What is said about accounts and topics."""

SENTENCES = {
    "delete_it_yourself": "I could not delete your message with the secret in it. Please delete it yourself.",
    # /connect
    "accounts_head": "<b>Accounts</b>\n\nWhat you connect is yours alone. Keys and passwords are stored encrypted.",
    "account_newsapi": "<b>News API</b> – searches the news for your /topics",
    "account_youtube": "<b>YouTube</b> – follows the channels you subscribe to: /youtube",
    "account_mailbox": "<b>Newsletters by mail</b> – reads those you choose in a mailbox: /newsletters",
    "account_none": "not connected",
    "account_new": "connected: {account}, the first look is under way",
    "account_fine": "connected: {account}, last looked {ago} ago",
    "account_failing": "connected: {account}, but the last look failed: {reason}",
    "account_refused": "no longer accepted: {account}. Connect it again",
    "confirm_disconnect": "Disconnect <b>{name}</b>, {account}? What came through it is deleted too.",
    "confirm_disconnect_newsapi": "Disconnect <b>{name}</b>, key {account}? Your topics stay; the articles that "
    "came through it are deleted.",
    "disconnected": "Disconnected: <b>{name}</b>, {account}. What came through it is being deleted.",
    "account_gone": "That account is no longer connected.",
    # A News API key
    "ask_newsapi_key": "Send me your News API key: 32 letters and digits. You get one for free at "
    "https://newsapi.org/register. I delete your message at once and store the key encrypted. /cancel leaves it.",
    "ask_newsapi_key_again": "That does not look like a News API key, which is 32 letters and digits. Copy it from "
    "https://newsapi.org/account and send it alone, or /cancel.",
    "expired_newsapi_key": "I no longer wait for the key. /connect asks for it again.",
    "newsapi_connected": "News API is connected (key {account}). I search the news for your /topics.",
    "newsapi_not_connected": "News API is not connected. {reason}",
    "newsapi_refused": "News API no longer accepts your key ({account}), so I search no news for you. "
    "Check the key at https://newsapi.org/account and connect it again.",
    # Topics
    "no_topics": "You have no topics yet. A topic is something you want to read about, like <i>climate change</i>. "
    "With a News API key I search the news for it.",
    "no_topics_key": "You have no topics yet. A topic is something you want to read about, like "
    "<i>climate change</i>. I search the news for each.",
    "topics_head": "<b>Your topics</b> ({count})",
    "topics_page": "<b>Your topics</b> ({count}), page {page} of {pages}",
    "topic_line": "{number}. <b>{topic}</b> ({language})\n{state}",
    "topic_interest": "kept as an interest; with a News API key I search the news for it",
    "topic_left": "kept as an interest; you no longer follow its search. Add it again to search",
    "topic_waiting": "waiting for its first search",
    "topic_added": "Added <b>{topic}</b> ({language}). {count} articles now.",
    "topic_added_one": "Added <b>{topic}</b> ({language}). One article now.",
    "topic_added_none": "Added <b>{topic}</b> ({language}). No article yet; what comes goes into your digest.",
    "topic_added_soon": "Added <b>{topic}</b> ({language}). I search the news for it as soon as your News API plan has "
    "a request left.",
    "topic_added_trouble": "Added <b>{topic}</b> ({language}), but the first search failed. {reason}",
    "topic_added_refused": "Added <b>{topic}</b> ({language}). I do not search for it yet: News API no longer accepts "
    "your key. Connect it again in /connect.",
    "topic_added_interest": "Added <b>{topic}</b> ({language}) as an interest of yours. With a News API key I also "
    "search the news for it.",
    "too_many_topics": "You have {count} topics, and that is the most I can keep up with. Remove one in /topics first.",
    "bad_topic": "Send a few words after the command, at most 100 characters, like /topics climate change.",
    "ask_topic": "What do you want to read about? Send a few words, like <i>climate change</i>. /cancel leaves it.",
    "ask_topic_again": "I need a few words, at most 100 characters. Send them, or /cancel.",
    "expired_topic": "I no longer wait for the topic. /topics lets you add one.",
    "ask_topic_language": "In which language shall the articles be? Tap one or send its name.",
    "ask_topic_language_again": "I know no such language. Tap one of these or send its name, or /cancel.",
    "expired_topic_language": "I no longer wait for the language, so the topic is not added. /topics lets you add it.",
    "toast_removed": "Removed",
    "account_unreadable": "I can no longer read what I keep of your account <b>{account}</b>: this bot has another "
    "secret key now. Please connect it again; what you follow through it stays.",
}
