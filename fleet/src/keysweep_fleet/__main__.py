"""Starts the program with `python -m keysweep_fleet`."""

import sys

from keysweep_fleet.cli import main

sys.exit(main())
