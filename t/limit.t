#!/usr/bin/perl

# billing_require limit=NAME:USED: one more fits, or it does not.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::Nginx::Socket 'no_plan';

fixture();
seed();
put(team('big', 'enterprise', 'active'),
    member('big', 'owner@example.test', 2));

$ENV{TEST_NGINX_GATE} = <<'CONF';
    billing_profile owner@example.test;
    billing_team $arg_t;
    add_header X-Verdict "$billing_status $billing_reason" always;
    location = /t { billing_require view limit=ai_credits:$arg_used; empty_gif; }
    location = /two { billing_require limit=ai_credits:$arg_a limit=editable_boards:$arg_b; empty_gif; }
    location = /fixed { billing_require limit=ai_credits:24; empty_gif; }
    location = /sum { billing_require limit=ai_credits:${arg_used}0; empty_gif; }
CONF

no_long_string();
run_tests();

__DATA__

=== TEST 1: below the plan's number, at it and above it
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["GET /t?t=paid&used=0", "GET /t?t=paid&used=24", "GET /t?t=paid&used=25",
 "GET /t?t=paid&used=9223372036854775807", "GET /t?t=free&used=10",
 "GET /t?t=business&used=25", "GET /t?t=ended&used=10"]
--- error_code eval: [200, 200, 402, 402, 402, 200, 402]
--- response_headers eval
["X-Verdict: PASSED ALLOW", "X-Verdict: PASSED ALLOW",
 "X-Verdict: REFUSED LIMIT_REACHED", "X-Verdict: REFUSED LIMIT_REACHED",
 "X-Verdict: REFUSED LIMIT_REACHED", "X-Verdict: PASSED ALLOW",
 "X-Verdict: REFUSED LIMIT_REACHED"]
--- no_error_log
[error]



=== TEST 2: a plan without a limit
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request
GET /t?t=big&used=9223372036854775807
--- response_headers
X-Verdict: PASSED ALLOW



=== TEST 3: what is no number is neither little nor much: 503
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
[map { "GET /t?t=big&used=$_" } '', '-1', '+1', '1.0', '1e1', '0x1', '1%00',
 '%31', '99999999999999999999', 'x' x 5000]
--- error_code eval: [(503) x 10]
--- response_headers eval
[("X-Verdict: UNKNOWN ENTITLEMENT_UNKNOWN") x 10]



=== TEST 4: a refusal of something else comes first
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile stranger@example.test;
    billing_team paid;
    location = /t { billing_require view limit=ai_credits:999; empty_gif; }
--- request
GET /t
--- error_code: 403
--- response_body_like: NOT_A_MEMBER



=== TEST 5: of two the first that is reached; a fixed number; one made of parts
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["GET /two?t=free&a=9&b=2", "GET /two?t=free&a=9&b=3", "GET /two?t=paid&a=9&b=3",
 "GET /fixed?t=paid", "GET /fixed?t=free", "GET /sum?t=paid&used=2",
 "GET /sum?t=paid&used=3"]
--- error_code eval: [200, 402, 200, 200, 402, 200, 402]



=== TEST 6: a person is led to the plans, and back
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request
GET /t?t=paid&used=25
--- more_headers
Accept: text/html
--- error_code: 303
--- response_headers_like
Location: http://localhost(:\d+)?/upgrade\?team=paid&reason=LIMIT_REACHED&return=%2Ft%3Ft%3Dpaid%26used%3D25



=== TEST 7: the application says how much, by auth_request
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    location = /t {
        auth_request /used;
        auth_request_set $used $upstream_http_x_used;
        billing_team paid;
        billing_require limit=ai_credits:$used;
        empty_gif;
    }
    location = /used { proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/app; }
    location = /app { add_header X-Used 25; return 204; }
--- request
GET /t
--- error_code: 402
--- response_body_like: LIMIT_REACHED



=== TEST 8: inherited, replaced, dropped
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    billing_team paid;
    billing_require limit=ai_credits:$arg_used;
    location = /same { empty_gif; }
    location = /other { billing_require view; empty_gif; }
    location = /off { billing_require off; empty_gif; }
--- request eval
["GET /same?used=25", "GET /other?used=25", "GET /off?used=25"]
--- error_code eval: [402, 200, 200]



=== TEST 9: an internal redirect to a location with another limit is decided again
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    billing_team paid;
    location / { billing_require view; root $TEST_NGINX_HTML_DIR; index full.html; }
    location = /full.html { billing_require view limit=ai_credits:25; root $TEST_NGINX_HTML_DIR; }
--- user_files
>>> full.html
no more of it
--- request
GET /
--- error_code: 402
--- response_body_unlike: no more of it



=== TEST 10: billing_on_error pass, and a dry run
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    billing_team paid;
    billing_require limit=ai_credits:$arg_used;
    add_header X-Verdict "$billing_status $billing_reason" always;
    location = /pass { billing_on_error pass; empty_gif; }
    location = /dry { billing_dry_run on; empty_gif; }
--- request eval
["GET /pass?used=x", "GET /pass?used=25", "GET /dry?used=25"]
--- error_code eval: [200, 402, 200]
--- response_headers eval
["X-Verdict: UNKNOWN ALLOW", "X-Verdict: REFUSED LIMIT_REACHED",
 "X-Verdict: REFUSED_DRY_RUN LIMIT_REACHED"]
