"""Routers: every handler is taken over, as often as a dispatcher is built."""

from contentsync.bot.routers import IN_ORDER, build_router


def test_all_handlers_are_taken_over_in_order() -> None:
    for _ in range(2):
        copies = build_router().sub_routers
        assert [copy.name for copy in copies] == [template.name for template in IN_ORDER]
        for copy, template in zip(copies, IN_ORDER, strict=True):
            for event, observer in template.observers.items():
                assert copy.observers[event].handlers == observer.handlers
                assert not list(observer.middleware), "middlewares belong on the dispatcher"
                assert not list(observer.outer_middleware)


def test_what_takes_everything_is_last() -> None:
    assert [router.name for router in IN_ORDER][-1] == "other"
