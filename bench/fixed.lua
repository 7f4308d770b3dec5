-- For wrk: 64 connections, each with 4 ms between its requests, are nearly
-- 15,000 a second; the waiting is not counted.
function delay() return 4 end
done = function(_, latency)
    io.write(string.format("p999 %d\n", latency:percentile(99.9)))
end
