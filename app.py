"""The board's entry: doors → navigation → the page. Nothing else."""

from minxin.board import shell

shell.open_board()
