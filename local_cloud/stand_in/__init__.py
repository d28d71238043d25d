"""What the stand-ins for other companies' APIs share: their process, their server, and running them for a test."""
