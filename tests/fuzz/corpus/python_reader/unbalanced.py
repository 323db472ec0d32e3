def f(:
  with open(
