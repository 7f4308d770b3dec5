# GET /billing/status: what the host counts, for people and for Prometheus.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use FakeWorker;
use Test::Nginx::Socket 'no_plan';

our $dir = fixture();

add_block_preprocessor(sub {
    my ($block) = @_;
    worker('{}');
    $block->set_value('http_config', '$TEST_NGINX_BILLING')
        if !defined $block->http_config;
    $block->set_value('config',
        'location / { billing_api; billing_wait 400ms; }')
        if !defined $block->config;
});

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
^\{"counters":\{"passed":0,.*"webhook_bad":0\},"redis":\{"up":(?:true|false)\},"link":(?:true|false)\}$



=== TEST 2: Prometheus, by name
--- request
GET /billing/status?format=prometheus
--- response_headers
Content-Type: text/plain; version=0.0.4; charset=utf-8
--- response_body_like
\A(?:# HELP nginx_billing_(\w+_total) [A-Z].*\.
# TYPE nginx_billing_\1 counter
nginx_billing_\1 \d+
){15}# HELP nginx_billing_redis_up .*
# TYPE nginx_billing_redis_up gauge
nginx_billing_redis_up [01]
# HELP nginx_billing_link_up .*
# TYPE nginx_billing_link_up gauge
nginx_billing_link_up [01]
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
 '"command":2,"answered":0,"waited_out":1,"webhook_bad":1']



=== TEST 10: Redis is there, and the host hears of changes
--- config
location / { billing_api; }
--- pipelined_requests eval: ["GET /demo/clock", "GET /billing/status"]
--- response_body_like eval
['"kind":"demo.clock"', '"answered":1.*"redis":\{"up":true\},"link":true']
