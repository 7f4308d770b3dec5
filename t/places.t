#!/usr/bin/perl

# The gate beside everything else that nginx does with a request: one request
# of a client is decided once, wherever it is led.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::Nginx::Socket 'no_plan';

fixture();
seed();
spew('people', "owner:{PLAIN}secret\n", 0644);

$ENV{TEST_NGINX_WHO} = 'billing_profile $http_x_profile; billing_team $arg_t;'
    . ' add_header X-Verdict "$billing_status $billing_reason" always;'
    . ' location = /billing/status { billing_require off; billing_api; }';
$ENV{TEST_NGINX_APP} = 'location = /app { return 200 "app $args\n"; }';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value('http_config', '$TEST_NGINX_BILLING')
        if !defined $block->http_config;
    $block->set_value('more_headers', 'X-Profile: owner@example.test')
        if !defined $block->more_headers;
    $block->set_value('no_error_log', '[alert]');
});

no_long_string();
run_tests();

__DATA__

=== TEST 1: satisfy any: who is let in by one of two is still asked for by the gate
--- config
    $TEST_NGINX_WHO
    location = /t { satisfy any; deny all; auth_basic x; auth_basic_user_file $TEST_NGINX_BILLING_DIR/people; billing_require voting; empty_gif; }
--- request eval
["GET /t?t=paid", "GET /t?t=free", "GET /t?t=paid", "GET /billing/status?format=json"]
--- more_headers eval
["X-Profile: owner\@example.test\nAuthorization: Basic b3duZXI6c2VjcmV0",
 "X-Profile: owner\@example.test\nAuthorization: Basic b3duZXI6c2VjcmV0",
 "X-Profile: owner\@example.test", ""]
--- error_code eval: [200, 402, 401, 200]
--- response_headers eval
["X-Verdict: PASSED ALLOW", "X-Verdict: REFUSED FEATURE_MISSING",
 "X-Verdict: ", "Content-Type: application/json; charset=utf-8"]
--- response_body_like eval
["GIF", "FEATURE_MISSING", "401", qr/"passed":1,"refused":1,/]



=== TEST 2: satisfy all: both, then the gate
--- config
    $TEST_NGINX_WHO
    location = /t { satisfy all; allow 127.0.0.1; auth_basic x; auth_basic_user_file $TEST_NGINX_BILLING_DIR/people; billing_require voting; empty_gif; }
--- request eval: ["GET /t?t=free", "GET /t?t=free"]
--- more_headers eval
["X-Profile: owner\@example.test\nAuthorization: Basic b3duZXI6c2VjcmV0",
 "X-Profile: owner\@example.test"]
--- error_code eval: [402, 401]



=== TEST 3: auth_request says who it is
--- config
    location = /t {
        auth_request /who;
        auth_request_set $email $upstream_http_x_email;
        billing_profile $email;
        billing_team paid;
        billing_require view;
        add_header X-Verdict "$billing_status $billing_role";
        empty_gif;
    }
    location = /who { proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/session; proxy_pass_request_body off; }
    location = /session { add_header X-Email $http_x_profile; return 204; }
    location = /billing/status { billing_api; }
--- request eval: ["GET /t", "GET /billing/status?format=json"]
--- error_code eval: [200, 200]
--- response_headers eval
["X-Verdict: PASSED member,team_admin,billing_admin",
 "Content-Type: application/json; charset=utf-8"]
--- response_body_like eval: ["GIF", qr/"passed":1,"refused":0,/]



=== TEST 4: auth_request that says no: nobody asks the gate
--- config
    $TEST_NGINX_WHO
    location = /t { auth_request /no; billing_require view; empty_gif; }
    location = /no { return 403; }
--- request eval: ["GET /t?t=paid", "GET /billing/status?format=json"]
--- error_code eval: [403, 200]
--- response_body_like eval: ["403 Forbidden", qr/"passed":0,"refused":0,.*"fetched":0/]



=== TEST 5: internal: not from outside, and by X-Accel-Redirect with the gate of its own
--- config
    $TEST_NGINX_WHO
    $TEST_NGINX_APP
    location = /inside { internal; billing_require voting; empty_gif; }
    location = /t { proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/redirect; }
    location = /redirect { add_header X-Accel-Redirect /inside?$args; return 200; }
--- request eval
["GET /inside?t=paid", "GET /t?t=paid", "GET /t?t=free", "GET /billing/status?format=json"]
--- error_code eval: [404, 200, 402, 200]
--- response_body_like eval
["404", "GIF", "FEATURE_MISSING", qr/"passed":1,"refused":1,/]



=== TEST 6: gates on both sides of X-Accel-Redirect that ask the same: one decision
--- config
    $TEST_NGINX_WHO
    billing_require view;
    location = /inside { internal; empty_gif; }
    location = /t { proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/redirect; }
    location = /redirect { billing_require off; add_header X-Accel-Redirect /inside?$args; return 200; }
    location / { billing_require off; }
--- request eval: ["GET /t?t=paid", "GET /billing/status?format=json"]
--- error_code eval: [200, 200]
--- response_body_like eval: ["GIF", qr/"passed":1,"refused":0,.*"fetched":2/]



=== TEST 7: try_files: a file, a named location, another address with its own gate
--- config
    $TEST_NGINX_WHO
    root $TEST_NGINX_HTML_DIR;
    location = /file { billing_require view; try_files /there =404; }
    location = /named { billing_require view; try_files /none @app; }
    location = /other { billing_require view; try_files /none /voting?$args; }
    location = /voting { billing_require voting; empty_gif; }
    location @app { return 200 "$billing_plan\n"; }
--- user_files
>>> there
a file
--- request eval
["GET /file?t=free", "GET /named?t=free", "GET /other?t=free",
 "GET /other?t=paid", "GET /billing/status?format=json"]
--- error_code eval: [200, 200, 402, 200, 200]
--- response_body_like eval
["a file", "^free\$", "FEATURE_MISSING", "GIF", qr/"passed":5,"refused":1,/]



=== TEST 8: a named location with the same question is not asked twice
--- config
    $TEST_NGINX_WHO
    billing_require view;
    location = /t { try_files /none @app; }
    location @app { proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/app?$billing_status; }
    location = /app { billing_require off; return 200 "$args\n"; }
    location / { billing_require off; }
--- request eval: ["GET /t?t=paid", "GET /billing/status?format=json"]
--- error_code eval: [200, 200]
--- response_body_like eval: ["PASSED", qr/"passed":1,"refused":0,/]



=== TEST 9: rewrites: last, break, and a chain of them
--- config
    $TEST_NGINX_WHO
    location /old { billing_require admin; rewrite ^/old/(.*)$ /new/$1 last; }
    location /new { billing_require voting; rewrite ^/new/(.*)$ /shown break; root $TEST_NGINX_HTML_DIR; }
--- user_files
>>> shown
shown
--- request eval
["GET /old/x?t=paid", "GET /old/x?t=free", "GET /billing/status?format=json"]
--- error_code eval: [200, 402, 200]
--- response_body_like eval: ["shown", "FEATURE_MISSING", qr/"passed":1,"refused":1,/]



=== TEST 10: if: the gate within it, and a status of its own
--- config
    $TEST_NGINX_WHO
    location = /t {
        billing_require view;
        if ($arg_x) { add_header X-If yes; }
        empty_gif;
    }
    location = /early { billing_require voting; if ($arg_x) { return 204; } empty_gif; }
--- request eval
["GET /t?t=paid&x=1", "GET /early?t=free&x=1", "GET /early?t=free",
 "GET /billing/status?format=json"]
--- error_code eval: [200, 204, 402, 200]
--- response_body_like eval: ["GIF", '^$', "FEATURE", qr/"passed":1,"refused":1,/]



=== TEST 11: error_page for each status, with the variables, and recursion
--- config
    $TEST_NGINX_WHO
    error_page 402 = @pay;
    error_page 403 /sorry;
    location = /voting { billing_require voting; empty_gif; }
    location = /admin { billing_require admin; empty_gif; }
    location @pay { return 303 /upgrade?team=$billing_team; }
    location = /sorry { internal; return 403 "$billing_reason\n"; }
--- request eval
["GET /voting?t=free", "GET /admin?t=paid", "GET /billing/status?format=json"]
--- more_headers eval
["X-Profile: owner\@example.test", "X-Profile: member\@example.test", ""]
--- error_code eval: [303, 403, 200]
--- response_headers_like eval
['Location: http://localhost(:\d+)?/upgrade\?team=free', "Content-Length: 13",
 "Content-Type: application/json; charset=utf-8"]
--- response_body_like eval: ["303", "ADMIN_RIGHTS", qr/"refused":2,/]



=== TEST 12: SSI includes are not asked, whatever their location requires
--- config
    $TEST_NGINX_WHO
    root $TEST_NGINX_HTML_DIR;
    location = /page.html { ssi on; default_type text/html; billing_require view; }
    location = /part.html { billing_require admin; }
--- user_files
>>> page.html
<!--# include virtual="/part.html" --><!--# include virtual="/part.html" -->
>>> part.html
[part]
--- request eval: ["GET /page.html?t=paid", "GET /part.html?t=paid", "GET /billing/status?format=json"]
--- more_headers
X-Profile: member@example.test
--- error_code eval: [200, 403, 200]
--- response_body_like eval: ['\[part\]\s*\[part\]', "ADMIN_RIGHTS", qr/"passed":1,"refused":1,/]



=== TEST 13: limit_req stands in front: what it turns away is not decided
--- http_config
$TEST_NGINX_BILLING
limit_req_zone $http_x_profile zone=one:1m rate=1r/m;
--- config
    $TEST_NGINX_WHO
    location = /t { limit_req zone=one; billing_require view; empty_gif; }
--- request eval: ["GET /t?t=paid", "GET /t?t=paid", "GET /t?t=paid", "GET /billing/status?format=json"]
--- error_code eval: [200, 503, 503, 200]
--- response_body_like eval: ["GIF", "503", "503", qr/"passed":1,"refused":0,/]



=== TEST 14: HEAD is GET without its body, also when refused
--- config
    $TEST_NGINX_WHO
    location = /t { billing_require voting; empty_gif; }
--- request eval: ["HEAD /t?t=paid", "HEAD /t?t=free", "HEAD /t?t=free"]
--- more_headers eval
["X-Profile: owner\@example.test", "X-Profile: owner\@example.test",
 "X-Profile: owner\@example.test\nAccept: text/html"]
--- error_code eval: [200, 402, 402]
--- response_headers_like eval
["X-Verdict: PASSED ALLOW", "Content-Type: application/problem\\+json; charset=utf-8",
 "X-Verdict: REFUSED FEATURE_MISSING"]
--- response_body eval: ["", "", ""]



=== TEST 15: a pipeline of passed, refused, unknown and led astray keeps its order
--- config
    $TEST_NGINX_WHO
    root $TEST_NGINX_HTML_DIR;
    location = /t { billing_require voting; empty_gif; }
    location = /n { billing_require view; try_files /none @app; }
    location @app { return 200 "$billing_team\n"; }
--- pipelined_requests eval
["GET /t?t=paid", "GET /t?t=free", "POST /t?t=free\n" . "x" x 9999,
 "GET /n?t=business", "GET /t?t=never", "GET /n?t=free", "GET /n?t=paid",
 "GET /billing/status?format=json"]
--- error_code eval: [200, 402, 402, 200, 503, 200, 200, 200]
--- response_body_like eval
["GIF", "FEATURE", "FEATURE", "business", "UNKNOWN", "free", "paid",
 qr/"passed":4,"refused":2,"stale":0,"unknown":1,/]



=== TEST 16: a mirror and a background update are no decisions
--- http_config
$TEST_NGINX_BILLING
proxy_cache_path $TEST_NGINX_SERVER_ROOT/tmp/cache keys_zone=c:1m;
--- config
    $TEST_NGINX_WHO
    $TEST_NGINX_APP
    location = /t {
        billing_require view;
        mirror /copy;
        proxy_cache c;
        proxy_cache_valid 200 1s;
        proxy_cache_use_stale updating;
        proxy_cache_background_update on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/app;
    }
    location = /copy { internal; billing_require admin; proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/app; }
--- request eval: ["GET /t?t=paid", "GET /t?t=paid", "GET /billing/status?format=json"]
--- error_code eval: [200, 200, 200]
--- response_body_like eval: ["app", "app", qr/"passed":2,"refused":0,/]



=== TEST 17: what the cache keeps for one is not given to another
--- http_config
$TEST_NGINX_BILLING
proxy_cache_path $TEST_NGINX_SERVER_ROOT/tmp/cache keys_zone=c:1m;
--- config
    $TEST_NGINX_WHO
    $TEST_NGINX_APP
    location = /t { billing_require voting; proxy_cache c; proxy_cache_key k; proxy_cache_valid 200 1h; proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/app; }
--- request eval: ["GET /t?t=paid", "GET /t?t=free", "GET /t?t=paid"]
--- error_code eval: [200, 402, 200]



=== TEST 18: twenty internal redirects end as nginx ends them
--- config
    $TEST_NGINX_WHO
    billing_require view;
    location /t { rewrite ^/t(.*)$ /t$1x last; empty_gif; }
    location / { billing_require off; }
--- request
GET /t?t=paid
--- error_code: 500



=== TEST 19: the question changes on the way: decided for each, the last one's word is told
--- config
    billing_profile owner@example.test;
    add_header X-Verdict "$billing_status $billing_team $billing_plan" always;
    root $TEST_NGINX_HTML_DIR;
    location = /billing/status { billing_api; }
    location = /a { billing_team paid; billing_require view; try_files /none /b; }
    location = /b { billing_team business; billing_require view; empty_gif; }
--- request eval: ["GET /a", "GET /billing/status?format=json"]
--- error_code eval: [200, 200]
--- response_headers eval
["X-Verdict: PASSED business business",
 "Content-Type: application/json; charset=utf-8"]
--- response_body_like eval: ["GIF", qr/"passed":2,/]



=== TEST 20: refused in a dry run and led on to where it counts
--- config
    billing_profile owner@example.test;
    billing_team free;
    add_header X-Verdict "$billing_status" always;
    root $TEST_NGINX_HTML_DIR;
    location = /dry { billing_dry_run on; billing_require voting; try_files /none /wet; }
    location = /wet { billing_require voting; empty_gif; }
    location = /open { billing_dry_run on; billing_require voting; try_files /none /view; }
    location = /view { billing_require view; empty_gif; }
--- request eval: ["GET /dry", "GET /open"]
--- error_code eval: [402, 200]
--- response_headers eval: ["X-Verdict: REFUSED", "X-Verdict: PASSED"]
