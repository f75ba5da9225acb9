"""Tests of the pages: routes over a real database, templates and scripts as they are served."""
