"""The tables beside `story`: which link leads to which story, and how often stories were changed."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from contentsync.db.base import Base, reference


class StoryLink(Base, table=True):
    """A canonical link that was seen, whatever its scheme and `www.`, and its story: equal links are one for ever."""

    __tablename__ = "story_link"

    key: str = Field(primary_key=True, sa_type=Text)
    story_id: int = reference("story.id", index=True)
    added_at: datetime
    """When it was first seen."""


class StoryClock(Base, table=True):
    """One row (id 1), counted up by everyone who gives items their stories: who finds another number than they began
    with worked on an old picture and begins again."""

    __tablename__ = "story_clock"

    id: int = Field(primary_key=True)
    revision: int
