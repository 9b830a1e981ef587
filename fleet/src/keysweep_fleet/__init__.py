"""Runs `keysweep fleet` over many repositories on a Ray cluster."""
