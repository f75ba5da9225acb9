"""Complaints: tickets, their life and their deadlines."""
