"""A slow second opinion: tiers, indicators and alerts from the truth of a synthetic city.

Plain Python over dictionaries, written from the definitions and not from the rooms of the
pipeline; nothing here imports them.
"""
