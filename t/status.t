# GET /billing/status: what the host counts, for people and for Prometheus.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use FakeWorker;
use Test::Nginx::Socket 'no_plan';

our $dir = fixture();

our $EVENT = '{"id":"evt_1","object":"event","type":"payment_intent.succeeded",'
    . '"data":{"object":{"id":"pi_1","object":"payment_intent"}}}';

add_block_preprocessor(\&api_block);

no_root_location();
no_long_string();
run_tests();

__DATA__

=== TEST 1: JSON
--- request
GET /billing/status
--- response_headers
Content-Type: application/json; charset=utf-8
Cache-Control: no-store
X-Content-Type-Options: nosniff
--- response_body_like
^\{"counters":\{"passed":0,.*"webhook_bad":0,"app_refused":0\},"decisions":\{"passed":\{\},"refused":\{\},"stale":\{\},"unknown":\{\}\},"redis":\{"up":(?:true|false),"outstanding":\d,"errors":\{"unreached":0,"refused":0,"lost":0,"timeout":0,"reply":0,"full":0\},"breaker":\{"closed":\d,"half_open":\d,"open":\d\},"latency":\{"count":\d+,"sum_usec":\d+,"buckets":\[\{"usec_max":100,"count":\d+\},.*\{"usec_max":null,"count":\d+\}\]\}\},"link":(?:true|false),"notice_lag_usec":\d+,"zone":\{"entries":0,"oldest_sec":0\}\}$



=== TEST 2: Prometheus, by name
--- request
GET /billing/status?format=prometheus
--- response_headers
Content-Type: text/plain; version=0.0.4; charset=utf-8
--- response_body_like
\A# HELP nginx_billing_decisions_total [A-Z].*\.
# TYPE nginx_billing_decisions_total counter
nginx_billing_decisions_total\{verdict="passed",plan="none"\} 0
(?s:.*)\nnginx_billing_link_up [01]
(?s:.*)\nnginx_billing_zone_oldest_seconds \d+
\z



=== TEST 3: Prometheus, by its Accept
--- request
GET /billing/status
--- more_headers
Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1
--- response_body_like: ^# HELP



=== TEST 4: the address's word counts more
--- request
GET /billing/status?format=json
--- more_headers
Accept: text/plain
--- response_body_like: ^\{"counters"



=== TEST 5: nothing else can be done with it
--- request
POST /billing/status
{}
--- error_code: 405
--- response_headers
Allow: GET, HEAD



=== TEST 6: HEAD
--- request
HEAD /billing/status
--- response_headers
Content-Type: application/json; charset=utf-8
--- response_body:



=== TEST 7: a location that lets only this host read it
--- config
location / { billing_api; }
location = /billing/status { billing_api; allow 127.0.0.1; deny all; }
--- request
GET /billing/status
--- response_body_like: ^\{"counters"



=== TEST 8: and one that lets nobody
--- config
location / { billing_api; }
location = /billing/status { billing_api; deny all; }
--- request
GET /billing/status
--- error_code: 403



=== TEST 9: what happened is counted
--- init: worker('{"silent":true}')
--- pipelined_requests eval
["POST /demo/clock\n{\"advance\":\"1s\"}", "GET /demo/clock",
 "POST /billing/webhook\n{}", "GET /billing/status"]
--- more_headers
Content-Type: application/json
--- error_code eval: [202, 503, 400, 200]
--- response_body_like eval
['pending', 'STORE_UNAVAILABLE', 'BODY_INVALID',
 '"command":2,"answered":0,"waited_out":1,"overloaded":0,"webhook_bad":1']



=== TEST 10: Redis is there, and the host hears of changes
--- config
location / { billing_api; }
--- pipelined_requests eval: ["GET /demo/clock", "GET /billing/status"]
--- response_body_like eval
['"kind":"demo.clock"', '"answered":1.*"redis":\{"up":true,.*"link":true']



=== TEST 11: what is told without the worker's proof is only counted
--- config
location / { billing_api; }
--- init
worker('{"publish":["billing:1:{t1}:team 1 team 1 1 {} ' . ('0' x 64) . '",'
    . '"no notice","billing:1:epoch x ready","billing:1:epoch 7 ready"]}')
--- pipelined_requests eval: ["GET /demo/clock", "GET /billing/status"]
--- response_body_like eval
['"kind":"demo.clock"', '"bad_record":3,"notice":4,']



=== TEST 12: the test clock reaches the nginx that did not ask for it
--- config
location / { billing_api; }
--- init
worker('{"publish":["billing:1:clock 86400"]}')
--- pipelined_requests eval: ["GET /demo/clock", "POST /billing/webhook\n$main::EVENT"]
--- more_headers eval: main::webhook($main::EVENT, t => time + 86400)
--- error_code eval: [200, 200]



=== TEST 13: and the nginx that starts when it has been changed already
--- config
location / { billing_api; }
--- init
redis('SET', 'billing:1:clock', 86400)
--- pipelined_requests eval: ["GET /demo/clock", "POST /billing/webhook\n$main::EVENT"]
--- more_headers eval: main::webhook($main::EVENT, t => time + 86400)
--- error_code eval: [200, 200]



=== TEST 14: production has the machine's clock only
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/production.json;
billing_zone billing 1m; billing_worker off;
--- config
location / { billing_api; }
--- init
redis('SET', 'billing:1:clock', 86400);
worker('{"publish":["billing:1:clock 86400"]}')
--- pipelined_requests eval
["GET /billing/overview?team=t1", "POST /billing/webhook\n$main::EVENT"]
--- more_headers eval
main::cookie('owner@example.test') . "\n"
    . main::webhook($main::EVENT, t => time + 86400)
--- error_code eval: [200, 400]



=== TEST 15: who moves the test clock meets it at once
--- config
location / { billing_api; }
--- init
worker('{"body":{"now":"2026-01-01T00:00:00Z","offset":86400}}')
--- pipelined_requests eval
["POST /demo/clock\n" . '{"advance":"1d"}', "POST /billing/webhook\n$main::EVENT"]
--- more_headers eval
"Content-Type: application/json\n"
    . main::webhook($main::EVENT, t => time + 86400)
--- error_code eval: [200, 200]



=== TEST 16: a page, to who asks for one and to a browser
--- pipelined_requests eval
["GET /billing/status?format=html", "GET /billing/status", "GET /billing/status?format=json"]
--- more_headers eval
[ '', ('Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8') x 2 ]
--- response_body_like eval
[ (qr{\A<!doctype html>\n<html lang="en">(?s:.*)
<tr><th scope="row">Redis</th><td>(?:reached|out of reach)</td></tr>(?s:.*)
<tr><th scope="row">business</th><td>0</td><td>0</td><td>0</td><td>0</td></tr>(?s:.*)
<tr><th scope="row">overloaded</th><td>0</td><td>[A-Z][^<]+</td></tr>(?s:.*)
<tr><th scope="row">timeout</th><td>0</td>(?s:.*)
</body>\n</html>\n\z}) x 2, qr/^\{"counters"/ ]
