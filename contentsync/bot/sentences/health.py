"""What followers hear about how their sources are."""

SENTENCES: dict[str, str] = {
    # In the list
    "health_waiting": "waiting for my first look",
    "health_fine": "fine, last new item {ago} ago",
    "health_quiet": "fine, nothing new yet",
    "health_moving": "{fine}; it seems to have moved to {host}, which I follow if it stays so",
    "health_moved": "{fine}; it has moved to {host}",
    "health_slow": "slow: it often does not answer in time, last worked {ago} ago",
    "health_failing": "failing, last worked {ago} ago: {reason}",
    "health_failing_always": "has failed since the start: {reason}",
    "health_gone": "gone, not found since {since}; I look once a week whether it is back",
    "health_paused": "resting, because nobody who follows it takes digests now; /resume wakes it",
    "health_account": "resting until its account is connected again",
    # Notices
    "source_is_failing": "<b>{title}</b> has not worked for {days} days. {cause}\n\n"
    "I go on trying, less and less often, and tell you when it works again.",
    "source_is_gone": "<b>{title}</b> seems to be gone: {host} has not had it for {days} days. It may have ended or "
    "moved; if it moved, paste a link to its site and I find it there.\n\n"
    "If you keep it, I look once a week and tell you when it is back.",
    "source_is_back": "<b>{title}</b> works again.",
    "source_kept": "Kept: you go on following <b>{title}</b>. /sources shows how it is.",
}
