"""What `migrate` is made of: files that somebody saved (`saved_files`), the objects in them (`saved_objects`), what was
said in their threads (`saved_threads`), what another provider makes of them (`prospects`), and the project file of a
project that has none (`new_project`)."""
