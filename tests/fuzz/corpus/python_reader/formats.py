open("%s/%(x)s{}.json" % p, "w")
open("{".format(q), "w")
open("%", "w" % p)
open(f"{a!r:{b}}{{", "w")
