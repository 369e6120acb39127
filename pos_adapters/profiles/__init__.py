"""What is known about receipts as data: role words by language and declared profiles of makes of till."""
