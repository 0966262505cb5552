"""What is written of a stream while it is watched: tables, files for annotation tools, pictures, videos, a page."""
