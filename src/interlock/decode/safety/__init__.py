"""Safety protocols that ride in other protocols' data: what recognises them wherever they ride."""
