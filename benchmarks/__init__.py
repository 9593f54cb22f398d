"""Time, memory and accuracy, measured from outside the process; nothing here is a test."""
