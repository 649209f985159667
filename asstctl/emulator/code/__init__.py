"""The code interpreter: real Python in a sandbox made for untrusted code, never the Python of this machine."""
