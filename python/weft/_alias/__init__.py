"""The alias: ``import torch`` answered by Weft. ``scope`` turns it on and off, ``finder`` answers the imports."""
