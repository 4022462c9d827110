"""The log: English details for whoever runs the board, in one rotating file of the home's side."""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

from minxin.settings import ROOT

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def file() -> Path:
    """The log file: beside the home, so that reading a home never writes into it."""
    home = Path(os.environ.get("MINXIN_HOME") or ROOT / "data" / "warehouse").resolve()
    return home.with_name(home.name + "-logs") / "minxin.log"


def start() -> None:
    """Send the log of our own modules to the file, once per process."""
    logger = logging.getLogger("minxin")
    if logger.handlers:
        return
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        file().parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            file(), maxBytes=2_000_000, backupCount=3, encoding="utf-8", delay=True
        )
    except OSError:
        # A read-only place is no reason to refuse the command: fall back to standard error.
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    logger.addHandler(handler)
