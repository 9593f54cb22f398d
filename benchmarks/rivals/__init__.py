"""What somebody would pick instead, on the floor's work: PySpark, pandas; and Splink alone."""
