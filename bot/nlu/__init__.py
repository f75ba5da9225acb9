"""Our parts of the Rasa pipeline: sentence vectors, entities, sentences understood word for word."""
