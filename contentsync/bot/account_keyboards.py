"""The buttons of accounts, and the data they carry."""

from aiogram.filters.callback_data import CallbackData


class Connect(CallbackData, prefix="connect"):
    """Connect an account of this kind."""

    kind: str
