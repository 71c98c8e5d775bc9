"""Where, with what and for how long is measured, and how progress is told."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Lab:
    """What all cases share."""

    folder: Path
    binary: Path
    stores: list
    #: The one core of the server, and the one of wrk and Redis.
    server_core: int
    load_core: int
    rounds: int
    #: The length of one run.
    seconds: int
    began: float = field(default_factory=time.monotonic)

    @property
    def warm_up(self):
        """The length of the run before the first that counts."""
        return max(1, self.seconds // 2)

    def say(self, text):
        """Tells how far it is."""
        print(f"bench: {time.monotonic() - self.began:6.0f} s  {text}", file=sys.stderr, flush=True)
