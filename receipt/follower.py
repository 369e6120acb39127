"""Following what a till sets on its printer, whatever language it speaks: bytes in, the state to restore out."""

from __future__ import annotations

from copy import copy

from receipt.escpos.state import PrinterState
from receipt.escpos.tokenizer import Tokenizer
from receipt.pen import SlipPrinter
from receipt.plain_lines import end_of_lines, next_lines
from receipt.star.state import StarState
from receipt.star.tokenizer import StarTokenizer


class PrinterFollower:
    """Follows one printer by all bytes that reach it from the till, for as many jobs as it prints. Never raises."""

    def __init__(self, model: SlipPrinter) -> None:
        self.state: PrinterState | StarState
        self._tokenizer: Tokenizer | StarTokenizer
        if model.language == "star":
            self.state, self._tokenizer = StarState(), StarTokenizer()
        else:
            self.state, self._tokenizer = PrinterState(), Tokenizer()

    def __repr__(self) -> str:
        return f"<PrinterFollower {self.state!r}>"

    def state_here(self) -> PrinterState | StarState:
        """Return the state as it is at this byte, whatever the till sends next."""
        here = copy(self.state)
        here.touched = dict(self.state.touched)
        return here

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Most are lines of text, which set nothing: where many follow each other only the end of the last is looked at.
        """
        tokenizer, at, end = self._tokenizer, 0, len(data)
        while at < end:
            stop = end
            if isinstance(tokenizer, Tokenizer) and tokenizer.at_rest:
                last = end_of_lines(data, at) - 1
                if last > at:
                    tokenizer.skip(last - at)
                    at = last
                stop = next_lines(data, at) or end
            for token in tokenizer.feed(data[at:stop]):
                self.state.apply(token)
            at = stop
