module untorn.invalid/bench/peers

go 1.25

require github.com/google/renameio/v2 v2.0.2
