"""Kept until no open edit imports it from here: the potential lives in ``ecosystem.domain.potential``."""

from __future__ import annotations

from ecosystem.domain.potential import *  # noqa: F403
