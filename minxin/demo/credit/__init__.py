"""The simulation of the credit half: firms with a hidden quality, and everything that follows from it."""
