"""Star printers: Star Line Mode and StarPRNT, both ways."""
