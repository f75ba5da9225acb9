"""What Wenjin does: complaints, training, service records, and the store below them."""
