print >>open("a", "w"), "x"
exec "x"
