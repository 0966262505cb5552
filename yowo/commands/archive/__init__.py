"""`yowo detect` on several videos: shares of a list, what is finished already, locks, and Ray."""
