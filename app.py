"""The dashboard as a Solara app: ``solara run app.py``; ``ecosystem app`` serves the same page and opens the browser.

``ecosystem app`` is the quieter way: ``solara run`` itself asks PyPI for newer versions unless it is told
``--no-check-version``.
"""

from ecosystem.dashboard.page import Layout, Page

__all__ = ["Layout", "Page"]
