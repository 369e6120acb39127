"""The words of the trade: values and pure functions, standard library only, no I/O, no clock."""
