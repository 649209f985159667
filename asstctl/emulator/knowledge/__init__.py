"""Knowledge: text taken from files, cut into chunks, indexed and searched."""
