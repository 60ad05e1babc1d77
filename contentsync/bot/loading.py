"""aiogram, loaded without building its classes; each is built when it is first used.

aiogram describes the whole Bot API in 600 pydantic classes and has pydantic build the validators of them all while it
is imported: 5 s and 100 MB, most of it for things that no bot here ever meets. pydantic can wait: it builds a class at
its first use by calling `model_rebuild`, which only has to know what the names in its annotations mean.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from pydantic import BaseModel

BUILT_AT_ONCE = ("Message", "Update")
"""These hold most others and are part of every chat; somebody would wait 0.3 s for them."""


def load_aiogram() -> None:
    """Import aiogram. Call it before anything else imports that; later calls do nothing."""
    if "aiogram" in sys.modules:
        return
    with _builds_postponed() as names:
        import_module("aiogram")
    _build_when_used(names)
    types = import_module("aiogram.types")
    for name in BUILT_AT_ONCE:
        getattr(types, name).model_rebuild()


@contextmanager
def _builds_postponed() -> Iterator[dict[str, Any]]:
    """Meanwhile `model_rebuild` builds nothing. Gives what names in annotations mean, as told to it by its callers."""
    names: dict[str, Any] = {}
    original = BaseModel.__dict__["model_rebuild"]

    def postpone(_cls: type[BaseModel], /, *, _types_namespace: Mapping[str, Any] | None = None, **_: Any) -> None:
        names.update(_types_namespace or {})

    BaseModel.model_rebuild = classmethod(postpone)  # type: ignore[assignment, method-assign]
    try:
        yield names
    finally:
        BaseModel.model_rebuild = original  # type: ignore[method-assign]


def _build_when_used(names: Mapping[str, Any]) -> None:
    """Let `model_rebuild` of aiogram's classes know what these names mean, whoever calls it."""
    original = BaseModel.__dict__["model_rebuild"].__func__

    def build(cls: type[BaseModel], /, *, force: bool = False, raise_errors: bool = True, **_: Any) -> bool | None:
        built: bool | None = original(cls, force=force, raise_errors=raise_errors, _types_namespace=names)
        return built

    types, methods = import_module("aiogram.types.base"), import_module("aiogram.methods.base")
    for root in (types.TelegramObject, methods.TelegramMethod, methods.Response):
        root.model_rebuild = classmethod(build)
