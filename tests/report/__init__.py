"""Tests of the outputs; a package, so that test files of other rooms may have the same names."""
