"""The loop of detection: a source is read, its tubes are made, and everything that takes frames gets them."""
