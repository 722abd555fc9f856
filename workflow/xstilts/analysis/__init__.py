"""What is read from representations rather than from predictions."""
