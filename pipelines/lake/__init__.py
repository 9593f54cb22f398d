"""The lake: Parquet by dataset, extract date and night; columns, order and types enforced."""
