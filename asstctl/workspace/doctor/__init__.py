"""`doctor`: looks at a project and its targets and says what keeps them from working. It changes nothing."""
