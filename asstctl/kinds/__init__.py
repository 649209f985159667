"""The kinds of resources, one file each; KINDS is the only list of them."""
