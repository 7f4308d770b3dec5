#!/usr/bin/perl

# $billing_*: each one's value, where it may stand, and names nobody knows.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::Nginx::Socket 'no_plan';

fixture();
seed();

our $soon = int(time) + 86400 * 20;
put(team('known', 'business', 'active', period_end => $soon, seats => 7,
        members => 3, version => 12, valid_until => $soon + 5),
    team('trial', 'business', 'active', plan_after => 'team',
        valid_until => $soon, period_end => $soon),
    team('legacy', 'free', 'free', editable_boards => 5),
    map { member($_, 'owner@example.test', 2 | 4 | 16) }
        qw(known trial legacy));

# An included file, for the line of a mistake in it.
spew('apart.conf', <<'CONF');
# $billing_feature_nothing is not it: this is a comment

map $billing_status $anything { default "${billing_feature_nothing}"; }
CONF

# All of them, one in a header each.

$ENV{TEST_NGINX_ALL} = join ' ', 'billing_profile $http_x_profile;',
    map { (my $n = $_) =~ s/_/-/g; "add_header X-$n \"[\$billing_$_]\" always;" }
    qw(status reason cache age team plan state seats seats_used role version
        period_end valid_until feature_voting feature_single_sign_on
        limit_ai_credits limit_editable_boards);

no_long_string();
run_tests();

__DATA__

=== TEST 1: each has its value
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    $TEST_NGINX_ALL
    location /t { billing_team known; billing_require view; empty_gif; }
--- request
GET /t
--- more_headers
X-Profile: owner@example.test
--- response_headers eval
"X-status: [PASSED]
X-reason: [ALLOW]
X-cache: [MISS]
X-age: [0]
X-team: [known]
X-plan: [business]
X-state: [active]
X-seats: [7]
X-seats-used: [3]
X-role: [member,team_admin,billing_admin]
X-version: [12]
X-period-end: [$main::soon]
X-valid-until: [" . ($main::soon + 5) . "]
X-feature-voting: [1]
X-feature-single-sign-on: [1]
X-limit-ai-credits: [50]
X-limit-editable-boards: [-1]"
--- no_error_log
[error]



=== TEST 2: features and limits of a plan, of Free, of a plan that has ended, of an older team
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    add_header X-What "$billing_feature_voting,$billing_feature_single_sign_on,$billing_limit_ai_credits,$billing_limit_editable_boards" always;
    location /t { billing_team $arg_t; billing_require view; empty_gif; }
--- request eval
["GET /t?t=paid", "GET /t?t=business", "GET /t?t=free", "GET /t?t=ended",
 "GET /t?t=late", "GET /t?t=trial", "GET /t?t=legacy", "GET /t?t=nowhere"]
--- error_code eval: [200, 200, 200, 200, 200, 200, 200, 503]
--- response_headers eval
["X-What: 1,0,25,-1", "X-What: 1,1,50,-1", "X-What: 0,0,10,3",
 "X-What: 0,0,10,3", "X-What: 0,0,10,3", "X-What: 1,1,50,-1",
 "X-What: 0,0,10,5", "X-What: ,,,"]



=== TEST 3: where there is no gate, and where it has not decided, they are empty
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    $TEST_NGINX_ALL
    location /t { empty_gif; }
    location /early { billing_team known; billing_require view; return 204; }
--- request eval
["GET /t", "GET /early"]
--- more_headers
X-Profile: owner@example.test
--- error_code eval: [200, 204]
--- response_headers eval
[("X-status: []\nX-reason: []\nX-cache: []\nX-age: []\nX-team: []\nX-plan: []\nX-state: []\nX-seats: []\nX-seats-used: []\nX-role: []\nX-version: []\nX-period-end: []\nX-valid-until: []\nX-feature-voting: []\nX-limit-ai-credits: []") x 2]



=== TEST 4: each verdict has its word, also in a dry run
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    add_header X-Verdict "$billing_status" always;
    location /t { billing_team $arg_t; billing_require voting; empty_gif; }
    location /dry { billing_dry_run on; billing_team $arg_t; billing_require voting; empty_gif; }
--- request eval
["GET /t?t=paid", "GET /t?t=free", "GET /t?t=never",
 "GET /dry?t=paid", "GET /dry?t=free", "GET /dry?t=never"]
--- error_code eval: [200, 402, 503, 200, 200, 200]
--- response_headers eval
["X-Verdict: PASSED", "X-Verdict: REFUSED", "X-Verdict: UNKNOWN",
 "X-Verdict: PASSED", "X-Verdict: REFUSED_DRY_RUN",
 "X-Verdict: UNKNOWN_DRY_RUN"]



=== TEST 5: in map and a header for the upstream
--- http_config
$TEST_NGINX_BILLING
map $billing_plan $lane { default slow; business fast; }
map $billing_feature_voting $polls { 1 polls-on; default polls-off; }
--- config
    billing_profile owner@example.test;
    location = /t {
        billing_team $arg_t;
        billing_require view;
        proxy_set_header X-Lane $lane;
        proxy_set_header X-Polls $polls;
        proxy_set_header X-Plan $billing_plan;
        proxy_set_header X-Nothing $billing_limit_ai_credits;
        proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/up;
    }
    location = /up { return 200 "$http_x_lane,$http_x_polls,$http_x_plan,$http_x_nothing\n"; }
--- request eval
["GET /t?t=business", "GET /t?t=free"]
--- response_body eval
["fast,polls-on,business,50\n", "slow,polls-off,free,10\n"]



=== TEST 6: a header of an empty variable is not sent on
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location = /t { proxy_set_header X-Plan $billing_plan; proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/up; }
    location = /up { return 200 "[$http_x_plan]\n"; }
--- request
GET /t
--- more_headers
X-Plan: enterprise
--- response_body
[]



=== TEST 7: P49 a client's own header says nothing
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    location = /t { billing_team free; billing_require view; add_header X-What "$billing_plan"; empty_gif; }
--- request
GET /t?billing_plan=business
--- more_headers
Billing-Plan: business
Cookie: billing_plan=business
--- response_headers
X-What: free



=== TEST 8: a feature nobody knows: file and line
--- http_config
$TEST_NGINX_BILLING
--- config
    location /t {
        add_header X-A "$billing_feature_votin";
    }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Qunknown feature "votin"; "billing_config" names all_boards private_boards\E.* in \S+/nginx\.conf:\d+$}m
--- no_error_log eval: qr/nginx\.conf:(?:[1-9]|1\d)$/m



=== TEST 9: the line is that of the included file
--- http_config
$TEST_NGINX_BILLING
include $TEST_NGINX_BILLING_DIR/apart.conf;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qunknown feature "nothing"\E.* in \S+/apart\.conf:3$}m



=== TEST 10: a limit nobody knows
--- http_config
$TEST_NGINX_BILLING
log_format b '$billing_limit_boards';
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qunknown limit "boards"; "billing_config" names editable_boards ai_credits in\E \S+:\d+}



=== TEST 11: no name at all
--- http_config
$TEST_NGINX_BILLING
--- config
    location /t { add_header X-A "$billing_feature_"; }
--- must_die
--- error_log
unknown feature ""



=== TEST 12: capital letters are small ones, as in all of nginx's variables
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    location = /t { billing_team paid; billing_require view; add_header X-What "$Billing_Feature_VOTING"; empty_gif; }
--- request
GET /t
--- response_headers
X-What: 1



=== TEST 13: without billing_config names cannot be known, nor are they
--- config
    location = /t { add_header X-What "[$billing_feature_any][$billing_limit_any][$billing_plan]"; return 204; }
--- request
GET /t
--- error_code: 204
--- response_headers
X-What: [][][]



=== TEST 14: SSI asks by name while it runs
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location = /page.html {
        billing_profile owner@example.test;
        billing_team paid;
        billing_require view;
        root $TEST_NGINX_HTML_DIR;
        default_type text/html;
        ssi on;
    }
--- user_files
>>> page.html
<!--# echo var="billing_plan" -->,<!--# echo var="billing_feature_voting" -->,<!--# echo var="billing_limit_ai_credits" -->,<!--# echo var="billing_feature_none" -->
--- request
GET /page.html
--- response_body
team,1,25,(none)



=== TEST 15: log_format, also of what was refused
--- http_config
$TEST_NGINX_BILLING
log_format billing '$request_uri|$billing_status|$billing_reason|$billing_team|$billing_plan|$billing_role|$billing_seats_used/$billing_seats|$billing_feature_voting|$billing_age';
access_log $TEST_NGINX_SERVER_ROOT/logs/access.log billing;
--- config
    billing_profile owner@example.test;
    location = /t { billing_team free; billing_require voting; empty_gif; }
--- request
GET /t
--- error_code: 402
--- access_log eval
qr{^/t\|REFUSED\|FEATURE_MISSING\|free\|free\|member,team_admin,billing_admin\|2/0\|0\|0$}m



=== TEST 16: what is refused before anybody is asked for has a reason and no team
--- http_config
$TEST_NGINX_BILLING
log_format billing '$billing_status|$billing_reason|$billing_plan|$billing_feature_voting|$billing_limit_ai_credits|$billing_role|$billing_team|$billing_state|$billing_seats|$billing_version|$billing_period_end';
access_log $TEST_NGINX_SERVER_ROOT/logs/access.log billing;
--- config
    billing_profile $http_x_profile;
    location = /t { billing_team free; billing_require view; empty_gif; }
--- request
GET /t
--- error_code: 401
--- access_log eval
qr{^REFUSED\|UNAUTHENTICATED(?:\|-){9}$}m



=== TEST 17: R87 the pages' policy names the gateway of billing.json, and nobody else
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location /t { add_header X-Policy $billing_csp always; empty_gif; }
--- request
GET /t
--- response_headers_like
X-Policy: ^default-src 'none'; script-src 'self' ; style-src 'self'; img-src 'self' data: ; font-src 'self'; connect-src 'self' http://127\.0\.0\.1:\d+ ; frame-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$



=== TEST 18: the trace of the client, or the request's own id, the same each time
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location = /t { return 200 "$billing_trace $request_id\n"; }
--- pipelined_requests eval: [("GET /t") x 7]
--- more_headers eval
my $trace = '4bf92f3577b34da6a3ce929d0e0e4736';
[ "traceparent: 00-$trace-00f067aa0ba902b7-01", '',
  "traceparent: 00-\U$trace\E-00f067aa0ba902b7-01",
  'traceparent: 00-' . '0' x 32 . '-00f067aa0ba902b7-01',
  "traceparent: 00-$trace-00f067aa0ba902b7-01x", "traceparent: 00-${trace}x00f067aa0ba902b7-01",
  "traceparent: 00-$trace-00f067aa0ba902b7-01\ntraceparent: 00-$trace-00f067aa0ba902b7-01" ]
--- response_body_like eval
[ '^4bf92f3577b34da6a3ce929d0e0e4736 [0-9a-f]{32}$', ('^([0-9a-f]{32}) \1$') x 6 ]
