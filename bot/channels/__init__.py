"""The ways in: the chat page's own API and Rasa's REST protocol."""
