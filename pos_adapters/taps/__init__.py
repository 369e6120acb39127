"""Taps stand in a print stream. Standard library and `receipt.escpos` only, so that they stay small."""
