# The interface, with a stand-in for the worker: routes, forms, commands and
# what becomes of them.

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

sub proven { return cookie($_[0]) . "\n" . csrf($_[0]) }
sub buying { return logged_in('owner@example.test') . "\n$KEY" }

# As many bytes of a JSON object as are asked for.
sub long_body {
    my ($size) = @_;
    return '{"title":"' . ('x' x ($size - 12)) . '"}';
}

sub lines { return join '', map { "$_\r\n" } split /\n/, $_[0] }

sub chunked {
    my ($start, $headers, $body) = @_;
    return "$start HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        . lines($headers)
        . "Transfer-Encoding: chunked\r\n\r\n"
        . join('', map { sprintf("%x\r\n%s\r\n", length $_, $_) }
            unpack '(a1000)*', $body) . "0\r\n\r\n";
}

add_block_preprocessor(sub {
    my ($block) = @_;
    redis('DEL', 'billing:1:commands');
    worker('{}');
    $block->set_value('http_config', '$TEST_NGINX_BILLING')
        if !defined $block->http_config;
    my $wait = ($block->init // '') =~ /silent|wrong|"op"/ ? '300ms' : '5s';
    $block->set_value('config',
        "location / { billing_api; billing_wait $wait; }")
        if !defined $block->config;
});

no_root_location();
no_long_string();
run_tests();

__DATA__

=== TEST 1: no such address
--- request
GET /nothing
--- error_code: 404
--- response_headers
Content-Type: application/problem+json; charset=utf-8
X-Content-Type-Options: nosniff
Referrer-Policy: no-referrer
Cache-Control: no-store
Content-Language: en
--- response_body_like: "code":"NOT_FOUND"



=== TEST 2: a method that a read address does not know
--- request
DELETE /pricing
--- error_code: 405
--- response_headers
Allow: GET, HEAD
X-Content-Type-Options: nosniff
--- response_body_like: "code":"METHOD_NOT_ALLOWED"



=== TEST 3: an address with two methods says both
--- request
PUT /upgrade
{}
--- error_code: 405
--- response_headers
Allow: GET, HEAD, POST



=== TEST 4: an override of the method is not read
--- request
GET /upgrade/quote
--- more_headers
X-HTTP-Method-Override: POST
--- error_code: 405
--- response_headers
Allow: POST



=== TEST 5: named by the contract, not there yet
--- request
GET /billing/invoices/INV-2026-000001.pdf
--- error_code: 501
--- response_body_like: "code":"NOT_IMPLEMENTED"



=== TEST 6: the demo's addresses are not there in production
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/production.json;
billing_zone billing 1m; billing_worker off;
--- request
POST /demo/login
{"profile":"owner@example.test"}
--- more_headers
Content-Type: application/json
--- error_code: 404
--- response_headers
! Set-Cookie



=== TEST 7: a browser gets the page, also without a session
--- config
location / { billing_api; }
location /billing/pages/ { internal; alias html/; add_header X-Page yes; }
--- user_files
>>> dashboard.html
<p>dashboard</p>
--- request
GET /dashboard
--- more_headers
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
--- response_body
<p>dashboard</p>
--- response_headers
Vary: Accept
X-Page: yes



=== TEST 8: a program gets JSON, here the reason why not
--- request
GET /dashboard
--- more_headers
Accept: text/html;q=0.5, application/json
--- error_code: 401
--- response_body_like: "code":"UNAUTHENTICATED"



=== TEST 9: of two that are liked the same, the first
--- config
location / { billing_api; }
location /billing/pages/ { internal; alias html/; }
--- user_files
>>> dashboard.html
<p>dashboard</p>
--- request eval: ["GET /dashboard", "GET /dashboard"]
--- more_headers eval
["Accept: text/html, application/json", "Accept: application/json, text/html"]
--- error_code eval: [200, 401]



=== TEST 10: who takes anything gets JSON
--- request
GET /dashboard
--- more_headers
Accept: */*
--- error_code: 401



=== TEST 11: the price list needs nobody and may be kept
--- request
GET /pricing
--- response_headers
Content-Type: application/json; charset=utf-8
Cache-Control: public, max-age=60
Vary: Accept, Accept-Language, Cookie
X-Content-Type-Options: nosniff
--- response_body_like: "plans":



=== TEST 12: HEAD is GET without the body
--- request
HEAD /pricing
--- response_headers
Content-Type: application/json; charset=utf-8
--- response_body:



=== TEST 13: a query field that is not known
--- request
GET /pricing?price=0
--- error_code: 422
--- response_body_like: "field":"price"



=== TEST 14: a body without a type
--- request
POST /upgrade
{"team":"t1"}
--- more_headers eval: main::proven('owner@example.test')
--- error_code: 415
--- response_body_like: "code":"MEDIA_TYPE"



=== TEST 15: a form is not JSON
--- request
POST /demo/login
profile=owner%40example.test
--- more_headers
Content-Type: application/x-www-form-urlencoded
--- error_code: 415



=== TEST 16: another charset
--- request
POST /demo/login
{"profile":"owner@example.test"}
--- more_headers
Content-Type: application/json;charset=utf-16
--- error_code: 415



=== TEST 17: two types in one header
--- request
POST /demo/login
{"profile":"owner@example.test"}
--- more_headers
Content-Type: application/json, text/html
--- error_code: 415



=== TEST 18: a type that only begins alike
--- request
POST /demo/login
{"profile":"owner@example.test"}
--- more_headers
Content-Type: application/jsonp
--- error_code: 415



=== TEST 19: our charset, said aloud
--- request
POST /demo/login
{"profile":"owner@example.test"}
--- more_headers
Content-Type: Application/JSON; charset=UTF-8
--- error_code: 200



=== TEST 20: compressed bodies are not taken
--- request
POST /demo/login
{"profile":"owner@example.test"}
--- more_headers
Content-Type: application/json
Content-Encoding: gzip
--- error_code: 415



=== TEST 21: a body of 64 KB and one byte
--- request eval
"POST /dashboard/teams/t1/boards\n" . main::long_body(65537)
--- more_headers eval: main::logged_in('owner@example.test')
--- error_code: 413
--- response_body_like: "code":"BODY_TOO_LARGE"



=== TEST 22: the same, in chunks
--- config
location / { billing_api; client_max_body_size 1m; }
--- raw_request eval
main::chunked('POST /dashboard/teams/t1/boards',
    main::logged_in('owner@example.test'), main::long_body(65537))
--- error_code: 413
--- response_headers
X-Content-Type-Options: nosniff
--- response_body_like: "code":"BODY_TOO_LARGE"



=== TEST 23: a body that is too large for nginx itself
--- config
location / { billing_api; client_max_body_size 8k; }
--- raw_request eval
main::chunked('POST /dashboard/teams/t1/boards',
    main::logged_in('owner@example.test'), main::long_body(20000))
--- error_code: 413
--- response_headers
X-Content-Type-Options: nosniff
Cache-Control: no-store
--- error_log
client intended to send too large chunked body



=== TEST 24: not JSON
--- request
POST /demo/login
{"profile":"owner@example.test"
--- more_headers
Content-Type: application/json
--- error_code: 400
--- response_body_like: "code":"BODY_INVALID"



=== TEST 25: a member twice
--- request
POST /demo/login
{"profile":"owner@example.test","profile":"big@example.test"}
--- more_headers
Content-Type: application/json
--- error_code: 400



=== TEST 26: a member that is not known
--- request
POST /dashboard/teams/t1/boards
{"title":"Plan","price":0}
--- more_headers eval: main::logged_in('owner@example.test')
--- error_code: 422
--- response_body_like eval: qr/"code":"FIELD_UNKNOWN".*"field":"price"/



=== TEST 27: a member that is missing
--- request
POST /dashboard/teams/t1/boards
{}
--- more_headers eval: main::logged_in('owner@example.test')
--- error_code: 422
--- response_body_like eval: qr/"code":"FIELD_MISSING".*"field":"title"/



=== TEST 28: a card number where a name should be
--- request
POST /dashboard/teams/t1/boards
{"title":"4242 4242 4242 4242"}
--- more_headers eval: main::logged_in('owner@example.test')
--- error_code: 422
--- response_body_like: "code":"CARD_NUMBER_REFUSED"
--- no_error_log
4242



=== TEST 29: a command goes out whole and its answer comes back
--- request
POST /dashboard/teams/t1/members
{"email":"New@Example.test"}
--- more_headers eval: main::logged_in('owner@example.test')
--- response_headers
Content-Type: application/json; charset=utf-8
Cache-Control: no-store
X-Content-Type-Options: nosniff
! Idempotency-Replayed
! Set-Cookie
--- response_body_like eval
qr/^\{"kind":"member\.add","actor":"owner\@example\.test","team":"t1",
    "key":"[0-9a-f]{32}","lang":"en","asked":\{.*"email":"[Nn]ew/x
--- no_error_log
[error]



=== TEST 30: a body that nginx keeps in a file
--- config
location / { billing_api; client_body_buffer_size 1k;
             client_body_in_file_only clean; }
--- request
POST /dashboard/teams/t1/boards
{"title":"kept in a file"}
--- more_headers eval: main::logged_in('owner@example.test')
--- response_body_like: "title":"kept in a file"



=== TEST 31: a body in chunks
--- raw_request eval
main::chunked('POST /dashboard/teams/t1/boards',
    main::logged_in('owner@example.test'), '{"title":"in chunks"}')
--- response_body_like: "title":"in chunks"



=== TEST 32: a body byte by byte
--- raw_request eval
["POST /dashboard/teams/t1/boards HTTP/1.1\r\nHost: localhost\r\n"
    . "Connection: close\r\nContent-Length: 16\r\n"
    . main::lines(main::logged_in('owner@example.test'))
    . "\r\n{", '"title"', ':"slow"', '}']
--- raw_request_middle_delay
0.05
--- response_body_like: "title":"slow"



=== TEST 33: no body where none is needed
--- request
DELETE /dashboard/boards/b1
--- more_headers eval: main::proven('owner@example.test')
--- response_body_like eval: qr/"kind":"board\.delete".*"board":"b1"/



=== TEST 34: parameters of the path are decoded once
--- request
DELETE /dashboard/teams/t1/members/a%2Bb%40example.test
--- more_headers eval: main::proven('owner@example.test')
--- response_body_like: "email":"a\+b\@example\.test"



=== TEST 35: a team that cannot be is not found
--- request
POST /dashboard/teams/t1$/boards
{"title":"x"}
--- more_headers eval: main::logged_in('owner@example.test')
--- error_code: 404



=== TEST 36: money needs a key
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::logged_in('owner@example.test')
--- error_code: 400
--- response_body_like: "code":"IDEMPOTENCY_KEY_MISSING"



=== TEST 37: a key that is too short
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval
main::logged_in('owner@example.test') . "\nIdempotency-Key: 0123456789abcde"
--- error_code: 400
--- response_body_like: "code":"IDEMPOTENCY_KEY_INVALID"



=== TEST 38: two keys
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying() . "\n$main::KEY"
--- error_code: 400
--- response_body_like: "code":"IDEMPOTENCY_KEY_INVALID"



=== TEST 39: a purchase
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- response_body_like eval
qr/"kind":"upgrade\.buy".*"key":"0123456789abcdef".*"seats":3/



=== TEST 40: a quoted key is the bare key
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval
main::logged_in('owner@example.test') . qq{\nIdempotency-Key: "0123456789abcdef"}
--- response_body_like: "key":"0123456789abcdef"



=== TEST 41: a worker that says nothing
--- init: worker('{"silent":true}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 202
--- response_headers_like
Location: /billing/operations/op_[0-9a-f]{32}
Retry-After: 1
--- response_body_like: ^\{"operation":"op_[0-9a-f]{32}","state":"pending"\}$



=== TEST 42: a question that nobody answers
--- init: worker('{"silent":true}')
--- request
GET /billing/overview?team=t1
--- more_headers eval: main::cookie('owner@example.test')
--- error_code: 503
--- response_headers
Retry-After: 1
--- response_body_like: "code":"STORE_UNAVAILABLE"



=== TEST 43: no Redis
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/away.json;
billing_zone billing 1m; billing_worker off;
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 503
--- response_headers
Retry-After: 1
--- response_body_like: "code":"STORE_UNAVAILABLE"



=== TEST 44: a Redis that refuses commands
--- init: redis('SET', 'billing:1:commands', 'no stream')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 503
--- response_headers
Retry-After: 1
! Location
--- error_log
billing: Redis refused a command



=== TEST 45: an answer that the worker did not write
--- init: worker('{"mac":"wrong"}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 202
--- error_log
billing: an answer was not written by the worker



=== TEST 46: an answer to another question
--- init: worker('{"op":"op_00112233445566778899aabbccddeeff"}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 202



=== TEST 47: an answer that was given before
--- init: worker('{"replayed":true,"body":{"operation":"x"}}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- response_headers
Idempotency-Replayed: true
--- response_body: {"operation":"x"}



=== TEST 48: a refusal of the worker
--- init: worker('{"status":409,"problem":true,"retry_after":7,"body":{"code":"X"}}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 409
--- response_headers
Content-Type: application/problem+json; charset=utf-8
Retry-After: 7
--- response_body: {"code":"X"}



=== TEST 49: a worker that goes on after its answer
--- init: worker('{"status":202,"retry_after":2,"body":{"state":"unknown"}}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 202
--- response_headers_like
Location: /billing/operations/op_[0-9a-f]{32}
Retry-After: 2
--- response_body: {"state":"unknown"}



=== TEST 50: what the buyer has seen
--- init: worker('{"team":"t1","epoch":3,"version":9}')
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying() . "\nCookie: billing_seen=t2:3:4.t1:3:8"
--- response_headers
Set-Cookie: billing_seen=t1:3:9.t2:3:4; Path=/; Max-Age=600; HttpOnly; SameSite=Lax



=== TEST 51: a large answer
--- init: worker('{"body":{"a":"' . ('x' x 300000) . '"}}')
--- request
GET /billing/invoices?team=t1
--- more_headers eval: main::cookie('owner@example.test')
--- response_body_like: ^\{"a":"x{30000}.*x"\}$



=== TEST 52: the dashboard brings the token
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
main::csrf('owner@example.test') =~ /: (.*)/; qq({"teams":[],"csrf":"$1"})



=== TEST 53: the state of an operation
--- request
GET /billing/operations/op_00112233445566778899aabbccddeeff
--- more_headers eval: main::cookie('owner@example.test')
--- response_body_like eval
qr/"kind":"operation".*"asked":\{"operation":"op_00112233445566778899aabbccddeeff"\}/



=== TEST 54: HTTP/1.0
--- raw_request eval
"GET /pricing HTTP/1.0\r\n\r\n"
--- response_body_like: "plans":



=== TEST 55: several requests on one connection
--- init: worker('{"body":{"n":1}}')
--- pipelined_requests eval
["GET /billing/overview?team=t1", "GET /nothing", "GET /billing/overview?team=t2"]
--- more_headers eval: main::cookie('owner@example.test')
--- error_code eval: [200, 404, 200]
--- response_body_like eval: ['"n":1', 'NOT_FOUND', '"n":1']



=== TEST 56: a client that leaves while it waits
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



=== TEST 57: nothing is answered inside another page
--- config
location / { billing_api; }
location /page/ { alias html/; ssi on; }
--- user_files
>>> page.html
a<!--# include virtual="/pricing" -->b
--- request
GET /page/page.html
--- response_body_unlike: plans
