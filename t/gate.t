#!/usr/bin/perl

# The gate: who passes, who is refused and how that is told.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::Nginx::Socket 'no_plan';

fixture();
seed();

$ENV{TEST_NGINX_GATE} = <<'CONF';
    location ~ ^/boards/(?<b>[^/]*)$ {
        billing_profile $http_x_profile;
        billing_board $b;
        billing_require auto;
        add_header X-Verdict "$billing_status $billing_reason" always;
        empty_gif;
    }
    location = /status { billing_api; }
CONF

no_long_string();
run_tests();

__DATA__

=== TEST 1: a member views and edits a board of a paid team
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location ~ ^/gate/(?<b>[^/]*)$ {
        billing_profile $http_x_profile;
        billing_board $b;
        billing_require auto;
        try_files /none @app;
    }
    location @app {
        add_header X-Verdict "$billing_status $billing_reason" always;
        return 200 "$request_method\n";
    }
--- request eval
["GET /gate/paid1", "PUT /gate/paid1\nabc"]
--- more_headers
X-Profile: member@example.test
--- error_code eval: [200, 200]
--- response_body eval: ["GET\n", "PUT\n"]
--- response_headers eval: ["X-Verdict: PASSED ALLOW", "X-Verdict: PASSED ALLOW"]
--- no_error_log
[error]
[alert]



=== TEST 2: nobody, and what is not an address
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["GET /boards/paid1", "GET /boards/paid1"]
--- more_headers eval
["", "X-Profile: somebody"]
--- error_code eval: [401, 401]
--- response_body_like eval
[qr/"code":\s*"UNAUTHENTICATED"/, qr/"code":\s*"UNAUTHENTICATED"/]
--- response_headers eval
["Content-Type: application/problem+json; charset=utf-8",
 "X-Verdict: REFUSED UNAUTHENTICATED"]
--- no_error_log
[error]



=== TEST 3: the profile is compared in lower case
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request
GET /boards/paid1
--- more_headers
X-Profile: Member@Example.TEST
--- error_code: 200
--- response_headers
X-Verdict: PASSED ALLOW
--- no_error_log
[error]



=== TEST 4: without billing_profile the session cookie tells who it is
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location = /t {
        billing_board paid1;
        billing_require view;
        empty_gif;
    }
--- request
GET /t
--- error_code: 401
--- response_body_like: UNAUTHENTICATED
--- no_error_log
[error]



=== TEST 5: a stranger, a payer who is no member, a guest
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["GET /boards/paid1", "GET /boards/paid1", "GET /boards/paid1",
 "DELETE /boards/paid1", "OPTIONS /boards/paid1"]
--- more_headers eval
["X-Profile: stranger\@example.test", "X-Profile: payer\@example.test",
 "X-Profile: guest\@example.test", "X-Profile: guest\@example.test",
 "X-Profile: guest\@example.test"]
--- error_code eval: [403, 403, 200, 403, 405]
--- response_headers eval
["X-Verdict: REFUSED NOT_A_MEMBER", "X-Verdict: REFUSED NOT_A_MEMBER",
 "X-Verdict: PASSED ALLOW", "X-Verdict: REFUSED GUEST_VIEW_ONLY",
 "X-Verdict: PASSED ALLOW"]
--- no_error_log
[error]



=== TEST 6: Free: the newest three boards are editable, the fourth is not, all can be seen
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["PUT /boards/free4\nx", "PUT /boards/free3\nx", "PUT /boards/free2\nx",
 "GET /boards/free2", "PUT /boards/secret\nx"]
--- more_headers
X-Profile: owner@example.test
--- error_code eval: [405, 405, 403, 200, 403]
--- response_headers eval
["X-Verdict: PASSED ALLOW", "X-Verdict: PASSED ALLOW",
 "X-Verdict: REFUSED BOARD_LOCKED_LIMIT", "X-Verdict: PASSED ALLOW",
 "X-Verdict: REFUSED BOARD_LOCKED_PRIVATE"]
--- response_body_like eval
[qr/./, qr/./, qr/Only the 3 newest boards/, qr/./s, qr/BOARD_LOCKED_PRIVATE/]
--- no_error_log
[error]



=== TEST 7: no such board, no such team, no such id
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["GET /boards/deleted", "GET /boards/nowhere", "GET /boards/a%20b",
 "GET /boards/"]
--- more_headers
X-Profile: owner@example.test
--- error_code eval: [404, 404, 404, 404]
--- response_headers eval
["X-Verdict: REFUSED BOARD_NOT_FOUND", "X-Verdict: REFUSED TEAM_NOT_FOUND",
 "X-Verdict: REFUSED BOARD_NOT_FOUND", "X-Verdict: REFUSED BOARD_NOT_FOUND"]
--- no_error_log
[error]



=== TEST 8: a board of another team than the one in the address is not found
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location ~ ^/teams/(?<t>\w+)/boards/(?<b>\w+)$ {
        billing_profile $http_x_profile;
        billing_team $t;
        billing_board $b;
        billing_require view;
        add_header X-Verdict "$billing_status $billing_reason" always;
        empty_gif;
    }
--- request eval
["GET /teams/paid/boards/paid1", "GET /teams/business/boards/paid1"]
--- more_headers
X-Profile: owner@example.test
--- error_code eval: [200, 404]
--- response_headers eval
["X-Verdict: PASSED ALLOW", "X-Verdict: REFUSED BOARD_NOT_FOUND"]
--- no_error_log
[error]



=== TEST 9: expired by state, expired by the clock; viewing goes on
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["PUT /boards/ended1\nx", "PUT /boards/late1\nx", "GET /boards/late1"]
--- more_headers
X-Profile: owner@example.test
--- error_code eval: [403, 403, 200]
--- response_headers eval
["X-Verdict: REFUSED TEAM_EXPIRED", "X-Verdict: REFUSED TEAM_EXPIRED",
 "X-Verdict: PASSED ALLOW"]
--- no_error_log
[error]



=== TEST 10: a person is shown the way to the payment window, a program the problem
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location = /t {
        billing_profile owner@example.test;
        billing_team free;
        billing_require voting;
        empty_gif;
    }
--- request eval
["GET /t?a=1&b=x%20y", "GET /t", "HEAD /t", "GET //t"]
--- more_headers eval
["Accept: text/html,application/xhtml+xml", "Accept: application/json",
 "Accept: text/html", "Accept: text/html"]
--- error_code eval: [303, 402, 402, 303]
--- response_headers_like eval
["Location: http://localhost(:\\d+)?/upgrade\\?team=free&reason=FEATURE_MISSING&return=%2Ft%3Fa%3D1%26b%3Dx%2520y\nVary: Accept",
 "Content-Type: application/problem\\+json; charset=utf-8\nVary: Accept",
 "Content-Type: application/problem\\+json; charset=utf-8",
 "Location: http://localhost(:\\d+)?/upgrade\\?team=free&reason=FEATURE_MISSING"]
--- no_error_log
[error]



=== TEST 11: what no purchase cures leads nobody to one
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["GET /boards/paid1", "GET /boards/deleted"]
--- more_headers
X-Profile: stranger@example.test
Accept: text/html
--- error_code eval: [403, 404]
--- response_headers eval
["! Location", "! Location"]
--- no_error_log
[error]



=== TEST 12: features, seat, admin, billing
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile $arg_p@example.test;
    billing_team $arg_t;
    add_header X-Verdict "$billing_status $billing_reason" always;
    location = /voting { billing_require voting; empty_gif; }
    location = /sso { billing_require voting single_sign_on; empty_gif; }
    location = /seat { billing_require seat; empty_gif; }
    location = /admin { billing_require admin; empty_gif; }
    location = /billing { billing_require billing; empty_gif; }
--- request eval
["GET /voting?p=owner&t=paid", "GET /sso?p=owner&t=paid",
 "GET /sso?p=owner&t=business", "GET /seat?p=guest&t=paid",
 "GET /seat?p=member&t=paid", "GET /admin?p=member&t=paid",
 "GET /admin?p=owner&t=paid", "GET /billing?p=member&t=paid",
 "GET /billing?p=owner&t=paid"]
--- error_code eval: [200, 402, 200, 402, 200, 403, 200, 403, 200]
--- response_headers eval
["X-Verdict: PASSED ALLOW", "X-Verdict: REFUSED FEATURE_MISSING",
 "X-Verdict: PASSED ALLOW", "X-Verdict: REFUSED SEAT_MISSING",
 "X-Verdict: PASSED ALLOW", "X-Verdict: REFUSED ADMIN_RIGHTS",
 "X-Verdict: PASSED ALLOW", "X-Verdict: REFUSED BILLING_RIGHTS",
 "X-Verdict: PASSED ALLOW"]
--- no_error_log
[error]



=== TEST 13: dry run: decided, logged, counted, never blocked
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location = /t {
        billing_profile stranger@example.test;
        billing_team paid;
        billing_require view;
        billing_dry_run on;
        billing_log_level warn;
        add_header X-Verdict "$billing_status $billing_reason";
        empty_gif;
    }
--- request
GET /t
--- error_code: 200
--- response_headers
X-Verdict: REFUSED_DRY_RUN NOT_A_MEMBER
--- log_level: info
--- error_log
[warn]
billing: would refuse, NOT_A_MEMBER, team "paid"
--- no_error_log
[error]
example.test



=== TEST 14: a status of the operator's own
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location = /t {
        billing_profile stranger@example.test;
        billing_team paid;
        billing_require view;
        billing_status_code 451;
        empty_gif;
    }
--- request
GET /t
--- more_headers
Accept: text/html
--- error_code: 451
--- no_error_log
[error]



=== TEST 15: error_page: the operator's page, which the gate does not close when told so
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    billing_team free;
    billing_require voting;
    error_page 402 = /pay;
    location = /t { empty_gif; }
    location = /pay {
        billing_require off;
        return 200 "$billing_reason $billing_plan $billing_state\n";
    }
--- request
GET /t
--- more_headers
Accept: text/html
--- error_code: 200
--- response_body
FEATURE_MISSING free free
--- no_error_log
[error]



=== TEST 16: error_page into a location that requires the same is refused there too
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    billing_team free;
    billing_require voting;
    location = /t { error_page 402 = @app; empty_gif; }
    location @app { root $TEST_NGINX_HTML_DIR; try_files /secret =404; }
--- user_files
>>> secret
secret
--- request
GET /t
--- error_code: 402
--- response_body_unlike: secret
--- no_error_log
[error]



=== TEST 17: an internal redirect is decided and counted once
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    billing_team paid;
    location / {
        billing_require view;
        root $TEST_NGINX_HTML_DIR;
        index index.html;
        add_header X-Verdict "$billing_status $billing_cache";
    }
    location = /billing/status { billing_require off; billing_api; }
--- user_files
>>> index.html
hello
--- request eval
["GET /", "GET /billing/status?format=json"]
--- error_code eval: [200, 200]
--- response_body_like eval
["hello", qr/"passed":\s*1\b.*"miss":\s*1\b.*"fetched":\s*2\b/s]
--- response_headers eval
["X-Verdict: PASSED MISS", "Content-Type: application/json; charset=utf-8"]
--- no_error_log
[error]



=== TEST 18: an internal redirect to a location that wants more is decided again
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile guest@example.test;
    billing_team paid;
    location / {
        billing_require view;
        root $TEST_NGINX_HTML_DIR;
        index admin.html;
    }
    location = /admin.html {
        billing_require admin;
        root $TEST_NGINX_HTML_DIR;
        add_header X-Verdict "$billing_status $billing_reason" always;
    }
--- user_files
>>> admin.html
for admins
--- request
GET /
--- error_code: 403
--- response_headers
X-Verdict: REFUSED ADMIN_RIGHTS
--- response_body_unlike: for admins
--- no_error_log
[error]



=== TEST 19: subrequests are not billed
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    billing_team paid;
    location = /t {
        billing_require view;
        auth_request /auth;
        mirror /mirror;
        empty_gif;
        add_header X-Verdict "$billing_status";
    }
    location = /auth { billing_require view; proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/yes; }
    location = /mirror { billing_require admin; proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/yes; }
    location = /yes { return 204; }
    location = /billing/status { billing_api; }
--- request eval
["GET /t", "GET /billing/status?format=json"]
--- error_code eval: [200, 200]
--- response_body_like eval
["GIF", qr/"passed":\s*1\b.*"refused":\s*0\b.*"fetched":\s*2\b/s]
--- response_headers eval
["X-Verdict: PASSED", "Content-Type: application/json; charset=utf-8"]
--- no_error_log
[error]



=== TEST 20: access is denied before anybody asks Redis; satisfy any opens nothing
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile stranger@example.test;
    billing_team paid;
    billing_require view;
    location = /denied { deny all; empty_gif; }
    location = /any { satisfy any; allow all; empty_gif; }
    location = /billing/status { billing_require off; billing_api; }
--- request eval
["GET /denied", "GET /billing/status?format=json", "GET /any"]
--- error_code eval: [403, 200, 403]
--- response_body_like eval
["403 Forbidden", qr/"fetched":\s*0\b/, "NOT_A_MEMBER"]



=== TEST 21: what was found, for logs and upstreams
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location = /t {
        billing_profile owner@example.test;
        billing_board business1;
        billing_require edit;
        add_header X-What "$billing_team,$billing_plan,$billing_state,$billing_seats,$billing_seats_used,$billing_version,$billing_cache,$billing_age,$billing_valid_until,$billing_role";
        empty_gif;
    }
--- request eval
["GET /t", "GET /t"]
--- error_code eval: [200, 200]
--- response_headers_like eval
["X-What: business,business,active,5,2,1,MISS,0,0,member,team_admin,billing_admin",
 "X-What: business,business,active,5,2,1,(HIT|MISS),\\d,0,member,team_admin,billing_admin"]
--- no_error_log
[error]



=== TEST 22: before the gate, and without it, the variables are empty
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location = /t {
        set $early "$billing_plan";
        billing_profile owner@example.test;
        billing_team paid;
        billing_require view;
        add_header X-What "[$early][$billing_plan]";
        empty_gif;
    }
    location = /open { add_header X-What "[$billing_status][$billing_plan]"; empty_gif; }
--- request eval
["GET /t", "GET /open"]
--- error_code eval: [200, 200]
--- response_headers eval
["X-What: [][team]", "X-What: [][]"]
--- no_error_log
[error]



=== TEST 23: a refused upload leaves the connection fit for the next request
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- pipelined_requests eval
["PUT /boards/free1\n" . ("x" x 100000), "GET /boards/paid1"]
--- more_headers
X-Profile: owner@example.test
--- error_code eval: [403, 200]
--- response_body_like eval: ["BOARD_LOCKED_LIMIT", "GIF"]
--- no_error_log
[error]
[alert]



=== TEST 24: known from the zone, a refused upload does the same
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- pipelined_requests eval
["GET /boards/free1", "PUT /boards/free1\n" . ("x" x 100000),
 "PUT /boards/free1\nx", "GET /boards/paid1"]
--- more_headers
X-Profile: owner@example.test
--- error_code eval: [200, 403, 403, 200]
--- no_error_log
[error]
[alert]



=== TEST 25: a record that is missing, forged, copied or of a wrong type is unknown: 503
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
my ($key, $text) = record(team('forged', 'free', 'free'));
(my $forged = $text) =~ s/"seats":5/"seats":6/ or die;
redis('SET', $key, $forged);
put(board('forged1', 'forged', 1), member('forged', 'owner@example.test', 2));
my (undef, $business) = record(team('business', 'business', 'active'));
redis('SET', 'billing:1:{copied}:team', $business);
put(board('copied1', 'copied', 1), member('copied', 'owner@example.test', 2));
put(board('list1', 'list', 1), member('list', 'owner@example.test', 2));
redis('DEL', 'billing:1:{list}:team');
redis('RPUSH', 'billing:1:{list}:team', 'x');
put(board('lost1', 'lost', 1), team('lost', 'team', 'active'));
--- request eval
["GET /boards/forged1", "GET /boards/copied1", "GET /boards/list1",
 "GET /boards/lost1", "GET /boards/never"]
--- more_headers
X-Profile: owner@example.test
--- error_code eval: [503, 503, 503, 503, 503]
--- response_headers eval
[("X-Verdict: UNKNOWN ENTITLEMENT_UNKNOWN\nRetry-After: 1") x 5]
--- log_level: info
--- no_error_log
[alert]
example.test



=== TEST 26: billing_on_error pass lets the unknown through, and says so
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location = /t {
        billing_profile owner@example.test;
        billing_board never;
        billing_require view;
        billing_on_error pass;
        add_header X-Verdict "$billing_status";
        empty_gif;
    }
--- request
GET /t
--- error_code: 200
--- response_headers
X-Verdict: UNKNOWN



=== TEST 27: try_files and a named location behind the gate
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location = /t {
        billing_profile owner@example.test;
        billing_team paid;
        billing_require view;
        try_files /none @app;
    }
    location @app { return 200 "$billing_status\n"; }
--- request
GET /t
--- response_body
PASSED



=== TEST 28: HTTP/1.0, and a client that sends its request byte by byte
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- raw_request eval
[map { $_ } split //, "GET /boards/paid1 HTTP/1.0\r\nX-Profile: owner\@example.test\r\n\r\n"]
--- raw_request_middle_delay: 0.001
--- error_code: 200
--- response_headers
X-Verdict: PASSED ALLOW
