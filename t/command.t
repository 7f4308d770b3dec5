# Commands and queries, with a stand-in for the worker: keys, what is sent,
# what comes back, and what is said when nothing does.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use FakeWorker;
use Test::Nginx::Socket 'no_plan';

our $dir = fixture();

our $BUY = '{"team":"t1","plan":"team","seats":3,"period":"monthly",'
    . '"payment":{"method":"card","payment_method":"pm_1"}}';
our $KEY = 'Idempotency-Key: 0123456789abcdef';

sub buying { return logged_in('owner@example.test') . "\n$KEY" }

add_block_preprocessor(\&api_block);

no_root_location();
no_long_string();
run_tests();

__DATA__

=== TEST 1: money needs a key
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::logged_in('owner@example.test')
--- error_code: 400
--- response_body_like: "code":"IDEMPOTENCY_KEY_MISSING"



=== TEST 2: a key that is too short
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval
main::logged_in('owner@example.test') . "\nIdempotency-Key: 0123456789abcde"
--- error_code: 400
--- response_body_like: "code":"IDEMPOTENCY_KEY_INVALID"



=== TEST 3: two keys
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying() . "\n$main::KEY"
--- error_code: 400
--- response_body_like: "code":"IDEMPOTENCY_KEY_INVALID"



=== TEST 4: a purchase
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- response_body_like eval
qr/"kind":"upgrade\.buy".*"key":"0123456789abcdef".*"seats":3/



=== TEST 5: a quoted key is the bare key
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval
main::logged_in('owner@example.test') . qq{\nIdempotency-Key: "0123456789abcdef"}
--- response_body_like: "key":"0123456789abcdef"



=== TEST 6: a worker that says nothing
--- init: worker('{"silent":true}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 202
--- response_headers_like
Location: /billing/operations/op_[0-9a-f]{32}
Retry-After: 1
--- response_body_like: ^\{"operation":"op_[0-9a-f]{32}","state":"pending"\}$



=== TEST 7: a question that nobody answers
--- init: worker('{"silent":true}')
--- request
GET /billing/overview?team=t1
--- more_headers eval: main::cookie('owner@example.test')
--- error_code: 503
--- response_headers
Retry-After: 1
--- response_body_like: "code":"STORE_UNAVAILABLE"



=== TEST 8: no Redis
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/away.json;
billing_zone billing 1m; billing_worker off;
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 503
--- response_headers
Retry-After: 1
--- response_body_like: "code":"STORE_UNAVAILABLE"



=== TEST 9: a Redis that refuses commands
--- init: redis('SET', 'billing:1:commands', 'no stream')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 503
--- response_headers
Retry-After: 1
! Location
--- error_log
billing: Redis refused a command



=== TEST 10: an answer that the worker did not write
--- init: worker('{"mac":"wrong"}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 202
--- error_log
billing: an answer was not written by the worker



=== TEST 11: an answer to another question
--- init: worker('{"op":"op_00112233445566778899aabbccddeeff"}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 202



=== TEST 12: an answer that was given before
--- init: worker('{"replayed":true,"body":{"operation":"x"}}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- response_headers
Idempotency-Replayed: true
--- response_body: {"operation":"x"}



=== TEST 13: a refusal of the worker
--- init: worker('{"status":409,"problem":true,"retry_after":7,"body":{"code":"X"}}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 409
--- response_headers
Content-Type: application/problem+json; charset=utf-8
Retry-After: 7
--- response_body: {"code":"X"}



=== TEST 14: a worker that goes on after its answer
--- init: worker('{"status":202,"retry_after":2,"body":{"state":"unknown"}}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 202
--- response_headers_like
Location: /billing/operations/op_[0-9a-f]{32}
Retry-After: 2
--- response_body: {"state":"unknown"}



=== TEST 15: what the buyer has seen
--- init: worker('{"team":"t1","epoch":3,"version":9}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying() . "\nCookie: billing_seen=t2:3:4.t1:3:8"
--- response_headers
Set-Cookie: billing_seen=t1:3:9.t2:3:4; Path=/; Max-Age=600; HttpOnly; SameSite=Lax



=== TEST 16: a large answer
--- init: worker('{"body":{"a":"' . ('x' x 300000) . '"}}')
--- request
GET /billing/invoices?team=t1
--- more_headers eval: main::cookie('owner@example.test')
--- response_body_like: ^\{"a":"x{30000}.*x"\}$



=== TEST 17: the dashboard brings the token
--- init: worker('{"body":{"teams":[]}}')
--- request
GET /dashboard
--- more_headers eval
main::cookie('owner@example.test') . "\nAccept-Encoding: gzip"
--- config
location / { billing_api; gzip on; gzip_min_length 1; gzip_types *; }
--- response_headers
! Content-Encoding
--- response_body eval
main::csrf('owner@example.test') =~ /: (.*)/; qq({"teams":[],"csrf":"$1","demo":true})



=== TEST 18: the state of an operation
--- request
GET /billing/operations/op_00112233445566778899aabbccddeeff
--- more_headers eval: main::cookie('owner@example.test')
--- response_body_like eval
qr/"kind":"operation".*"asked":\{"operation":"op_00112233445566778899aabbccddeeff"\}/



=== TEST 19: several requests on one connection
--- init: worker('{"body":{"n":1}}')
--- pipelined_requests eval
["GET /billing/overview?team=t1", "GET /nothing", "GET /billing/overview?team=t2"]
--- more_headers eval: main::cookie('owner@example.test')
--- error_code eval: [200, 404, 200]
--- response_body_like eval: ['"n":1', 'NOT_FOUND', '"n":1']



=== TEST 20: a client that leaves while it waits
--- init: worker('{"delay":200}')
--- request
GET /billing/overview?team=t1
--- more_headers eval: main::cookie('owner@example.test')
--- timeout: 100ms
--- abort
--- ignore_response
--- wait: 0.4
--- no_error_log
[error]
[alert]
