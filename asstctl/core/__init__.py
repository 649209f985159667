"""The nouns of the program and the ports between its parts.

Standard library only: everything here is a frozen value, an error or a Protocol that every other
layer may import. Nothing here reads a file, opens a connection or prints.
"""
