"""What `tillstream doctor` looks at, by where a person would go to mend it."""
