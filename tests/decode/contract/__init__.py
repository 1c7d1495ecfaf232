"""What holds for every decoder, in parts; `decode/test_contract.py` lists and runs them."""
