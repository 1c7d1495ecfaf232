"""What proofs have shown, kept under docs/proof for `make docs`: one JSON file per kind of proof."""
