"""The dashboard as a Solara app: ``solara run app.py``; ``ecosystem app`` does the same and opens the browser."""

from ecosystem.dashboard.page import Layout, Page

__all__ = ["Layout", "Page"]
