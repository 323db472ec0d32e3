p = p
a = b
b = a
a(p, "w")
def f(p): return f(p)
open(f(p), "w")
