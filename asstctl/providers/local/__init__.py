"""The embedded provider: the Assistants v2 adapter over the emulator in this process."""
