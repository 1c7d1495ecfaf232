"""Rules drawn at random from the language's grammar, and traffic that they nearly match."""
