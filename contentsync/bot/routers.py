"""Which handlers are asked in which order: the first that fits takes the update."""

from aiogram import Router

from contentsync.bot.handlers import (
    accounts,
    dialogs,
    digest,
    links,
    mailbox,
    other,
    rules,
    saved,
    settings,
    sources,
    start,
    why,
    youtube,
)

IN_ORDER = (
    start.router,  # commands first: they mean themselves, whatever is open
    sources.router,
    settings.router,
    digest.router,
    why.router,
    saved.router,
    accounts.router,
    youtube.router,
    mailbox.router,
    rules.router,
    links.router,  # before dialogs: a link is a link even when a time or a city was asked for
    dialogs.router,  # before the rest: while a question is open, a text answers it
    other.router,  # last: it takes everything
)


def build_router() -> Router:
    """All handlers in order, in routers of their own: aiogram attaches a router to one dispatcher only.

    Only handlers are taken over: filters and middlewares belong on the dispatcher, where they hold for all.
    """
    root = Router(name="all")
    for template in IN_ORDER:
        copy = Router(name=template.name)
        for event, observer in template.observers.items():
            copy.observers[event].handlers.extend(observer.handlers)
        root.include_router(copy)
    return root
