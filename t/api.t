# The interface from the outside in: routes, pages, media types, bodies.

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

add_block_preprocessor(\&api_block);

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
Cross-Origin-Resource-Policy: same-origin
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



=== TEST 5: a document needs a session
--- request
GET /billing/invoices/INV-2026-000001.pdf
--- error_code: 401
--- response_body_like: "code":"UNAUTHENTICATED"



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
4242 4242



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



=== TEST 36: HTTP/1.0
--- raw_request eval
"GET /pricing HTTP/1.0\r\n\r\n"
--- response_body_like: "plans":



=== TEST 37: nothing is answered inside another page
--- config
location / { billing_api; }
location /page/ { alias html/; ssi on; }
--- user_files
>>> page.html
a<!--# include virtual="/pricing" -->b
--- request
GET /page/page.html
--- response_body_unlike: plans



=== TEST 38: how a browser speaks to the gateway, without our form's rival
--- request
GET /billing/gateway
--- response_headers
Cache-Control: public, max-age=60
--- response_body_like: ^\{"url":"http://127\.0\.0\.1:\d+","publishable_key":"pk_test_sandbox","currency":"USD"\}
