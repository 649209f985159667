"""Files: their bytes on disk beside the database, and the reading of multipart forms that carry them."""
