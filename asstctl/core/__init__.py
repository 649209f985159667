"""The nouns of the program, the ports between its parts, and the few pure rules that siblings share.

Standard library only: everything here is a frozen value, an error, a Protocol or a function of values that every
other layer may import. Nothing here reads a file, opens a connection or prints.
"""
