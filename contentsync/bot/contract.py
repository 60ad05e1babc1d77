"""How the bot's work is started: names, inputs, results. Everybody may import this; it imports only errors."""

from dataclasses import dataclass, field

DIGEST_TICK = "bot.DigestTick"
SEND_DIGESTS = "bot.SendDigests"
OPEN_DUE_SLOTS = "bot.OpenDueSlots"
BUILD_AND_SEND = "bot.BuildAndSend"
DIALOG = "bot.Dialog"
DIALOG_STEP = "step"
"""The update by which a dialog is spoken to."""
OPEN_DIALOG = "bot.OpenDialog"
ANSWER_DIALOG = "bot.AnswerDialog"
CLOSE_DIALOG = "bot.CloseDialog"
TELL_DIALOG_EXPIRED = "bot.TellDialogExpired"

SEND_NOTICES = "bot.SendNotices"

CONNECT = "connect"
"""The reply that says nothing itself: the draft now holds what an account of `params["kind"]` is connected with."""
FIND_LINK = "find_link"
"""The reply that says nothing itself: the draft now holds a link, and its feeds are to be found."""


@dataclass(frozen=True)
class DigestTickInput:
    """`now`: ISO 8601 with offset, to simulate a moment; None is the workflow's own time."""

    now: str | None = None


@dataclass(frozen=True)
class OpenDueSlotsInput:
    """Open what is due at `now` (ISO 8601 with offset) under this lease."""

    now: str
    lease_id: str


@dataclass(frozen=True)
class OpenDueSlotsResult:
    """Digest ids, in batches that are sent together. All are held by the lease that was asked for."""

    batches: list[list[int]] = field(default_factory=list)


@dataclass(frozen=True)
class DigestTickResult:
    """How many digests were handed on to be sent."""

    digests: int = 0


@dataclass(frozen=True)
class SendDigestsInput:
    """Build and send these digests. `lease_id` is the batch that holds them."""

    digest_ids: list[int]
    lease_id: str
    now: str | None = None


@dataclass(frozen=True)
class SendDigestsResult:
    """Counts over the digests of the call."""

    sent: int = 0
    empty: int = 0
    blocked: int = 0


@dataclass(frozen=True)
class DialogInput:
    """One subscriber's conversation. `asks`: the question that is open when a run goes on where another ended."""

    subscriber_id: int
    asks: str | None = None


@dataclass(frozen=True)
class DialogStep:
    """What the person did, exactly one of three: opened a dialog with the question `start`, answered with the draft
    `draft_id`, or left it (`close`)."""

    update_id: int
    start: str | None = None
    draft_id: int | None = None
    close: bool = False


@dataclass(frozen=True)
class DialogReply:
    """What to say: the key of a text, and the small values it shows; never what the person typed.

    `asks` is the question whose answer is awaited now; None: the dialog is over.
    """

    text_key: str
    params: dict[str, str | int] = field(default_factory=dict)
    asks: str | None = None
    """A question's name, and after a colon the id of a draft that holds an earlier answer, where it needs one."""
    forget: bool = False
    """What the person typed is a secret: their message is to be deleted from the chat."""


@dataclass(frozen=True)
class SendNoticesInput:
    """Send what people have not been told yet. `now` is ISO 8601 with offset."""

    now: str


@dataclass(frozen=True)
class SendNoticesResult:
    """How many were sent, and how many are left for the next time."""

    sent: int = 0
    left: int = 0


@dataclass(frozen=True)
class DialogQuestion:
    """Input of `bot.OpenDialog` and `bot.CloseDialog`: whose dialog, and the question it opens with or leaves open."""

    subscriber_id: int
    asks: str | None = None


@dataclass(frozen=True)
class DialogAnswer:
    """Input of `bot.AnswerDialog`: the draft that answers the open question. `now` is ISO 8601 with offset."""

    subscriber_id: int
    asks: str | None
    draft_id: int
    now: str


def dialog_workflow_id(subscriber_id: int) -> str:
    """One conversation a subscriber at a time."""
    return f"dialog/{subscriber_id}"


def dialog_update_id(step: DialogStep) -> str:
    """A repeated Telegram update is the same step. Leaving a dialog and opening the next may come of one update."""
    return f"tg-{step.update_id}-close" if step.close else f"tg-{step.update_id}"


def batch_workflow_id(lease_id: str, number: int) -> str:
    """The run that sends one batch of a tick."""
    return f"digest/batch/{lease_id}/{number}"


def ask_workflow_id(digest_id: int) -> str:
    """The run that answers one /digest."""
    return f"digest/ask/{digest_id}"


def source_buttons(source_id: int) -> list[list[dict[str, str]]]:
    """Under a notice about a source; what they carry is `Follow` and `KeepSource` of `contentsync.bot.keyboards`."""
    unfollow = {"text": "Unfollow", "callback_data": f"follow:{source_id}:0"}
    return [[unfollow, {"text": "Keep", "callback_data": f"keep:{source_id}"}]]
