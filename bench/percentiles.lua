-- For wrk: every percentile that is told.
done = function(_, latency)
    io.write(string.format("p999 %d\n", latency:percentile(99.9)))
end
