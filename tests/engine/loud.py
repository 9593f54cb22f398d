"""Work that says what it must not, for workers to import."""

from __future__ import annotations

import os


def loud(text: str) -> str:
    """Says its text past Python and in an error."""
    os.write(2, f"panicked at {text}\n".encode())
    raise ValueError(text)
