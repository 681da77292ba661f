"""What the tests of the whole program share: the program, its cameras, readers of what it wrote."""
