"""Service: the installation that runs by itself, and what is wrong with it.

``serve`` keeps the processes, ``nights`` says which nights are missing, ``notices`` tells people,
``doctor`` looks at an installation. What a night does stands in the rooms, when it runs in assets.
"""
