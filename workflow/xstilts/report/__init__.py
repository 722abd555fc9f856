"""One HTML file that answers a study's questions and says how every number was made."""
