"""YouTube accounts: signing in, and what is taken from them."""

from aiogram import Router

router = Router(name="youtube")
