#!/usr/bin/perl

# Single boards at the gate: guests of one board, private boards, public
# links, people without a licence, strangers.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::Nginx::Socket 'no_plan';

fixture();
seed();

put(team('school', 'education', 'education', seats => 0),
    team('corp', 'enterprise', 'enterprise'),
    team('legacy', 'free', 'free', editable_from => 2, editable_boards => 5),
    board('business2', 'business', 2),
    board('business3', 'business', 3, private => JSON::PP::true()),
    board('corp1', 'corp', 1), board('corp2', 'corp', 2, link => 'edit'),
    board('school1', 'school', 1), board('legacy1', 'legacy', 1),
    board('seen', 'business', 5, link => 'view'),
    board('open', 'business', 6, link => 'edit'),
    board('freelink', 'free', 7, link => 'edit'),
    board('endedlink', 'ended', 7, link => 'edit'),
    board('hidden', 'paid', 8, link => 'view', private => JSON::PP::true()),
    member('corp', 'staff@example.test', 64),
    member('corp', 'owner@example.test', 10),
    member('corp', 'guest@example.test', 1),
    member('school', 'guest@example.test', 1),
    member('legacy', 'owner@example.test', 6),
    access('corp1', 'guest@example.test', 2),
    access('school1', 'guest@example.test', 2),
    access('business3', 'member@example.test', 2),
    access('business3', 'owner@example.test', 1),
    access('paid2', 'guest@example.test', 2));

$ENV{TEST_NGINX_GATE} = <<'CONF';
    location ~ ^/boards/(?<b>[^/]*)$ {
        billing_profile $http_x_profile;
        billing_board $b;
        billing_require auto;
        add_header X-Verdict "$billing_status $billing_reason" always;
        add_header X-Role "$billing_role" always;
        try_files /none @app;
    }
    location @app {
        add_header X-Verdict "$billing_status $billing_reason" always;
        add_header X-Role "$billing_role" always;
        return 200 "ok\n";
    }
    location = /billing/status { billing_api; }
CONF

no_long_string();
run_tests();

__DATA__

=== TEST 1: R196 a guest of one board is none of another
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request eval
["GET /boards/business1", "PUT /boards/business1\nx",
 "GET /boards/business2", "PUT /boards/business2\nx"]
--- more_headers
X-Profile: guest@example.test
--- error_code eval: [200, 200, 403, 403]
--- response_headers eval
["X-Verdict: PASSED ALLOW\nX-Role: guest", "X-Verdict: PASSED ALLOW",
 "X-Verdict: REFUSED NOT_A_MEMBER", "X-Verdict: REFUSED NOT_A_MEMBER"]
--- no_error_log
[error]
[alert]



=== TEST 2: R55 R190 guests edit on Business and Enterprise, view on Team and Education
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request eval
["PUT /boards/corp1\nx", "GET /boards/paid1", "PUT /boards/paid1\nx",
 "GET /boards/school1", "PUT /boards/school1\nx"]
--- more_headers
X-Profile: guest@example.test
--- error_code eval: [200, 200, 403, 200, 403]
--- response_headers eval
["X-Verdict: PASSED ALLOW", "X-Verdict: PASSED ALLOW",
 "X-Verdict: REFUSED GUEST_VIEW_ONLY", "X-Verdict: PASSED ALLOW",
 "X-Verdict: REFUSED GUEST_VIEW_ONLY"]
--- no_error_log
[error]



=== TEST 3: R56 a private board is its owner's and the invited
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request eval
[map { ("GET /boards/business3", "PUT /boards/business3\nx") } 1 .. 4]
--- more_headers eval
[map { ("X-Profile: $_\@example.test") x 2 } qw(owner member guest payer)]
--- error_code eval: [200, 200, 200, 200, 403, 403, 403, 403]
--- response_headers eval
[("X-Verdict: PASSED ALLOW") x 4, ("X-Verdict: REFUSED NOT_A_MEMBER") x 4]
--- no_error_log
[error]



=== TEST 4: R56 to others of the team, admins too, it is not there
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
put(member('business', 'boss@example.test', 2 | 4 | 8));
--- request eval
["GET /boards/business3", "PUT /boards/business3\nx", "GET /boards/business2"]
--- more_headers
X-Profile: boss@example.test
--- error_code eval: [404, 404, 200]
--- response_headers eval
["X-Verdict: REFUSED BOARD_NOT_FOUND", "X-Verdict: REFUSED BOARD_NOT_FOUND",
 "X-Verdict: PASSED ALLOW"]
--- no_error_log
[error]



=== TEST 5: an invited guest of a private board views it where guests view
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request eval
["GET /boards/paid2", "PUT /boards/paid2\nx"]
--- more_headers
X-Profile: guest@example.test
--- error_code eval: [200, 403]
--- response_headers eval
["X-Verdict: PASSED ALLOW\nX-Role: guest",
 "X-Verdict: REFUSED GUEST_VIEW_ONLY"]
--- no_error_log
[error]



=== TEST 6: R40 on Free a private board is locked, to its owner as well
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request eval
["GET /boards/secret", "PUT /boards/secret\nx", "GET /boards/secret"]
--- more_headers eval
["X-Profile: owner\@example.test", "X-Profile: owner\@example.test",
 "X-Profile: member\@example.test"]
--- error_code eval: [200, 403, 404]
--- response_headers eval
["X-Verdict: PASSED ALLOW", "X-Verdict: REFUSED BOARD_LOCKED_PRIVATE",
 "X-Verdict: REFUSED BOARD_NOT_FOUND"]
--- no_error_log
[error]



=== TEST 7: R197 a public link lets anybody view, signed in or not
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request eval
["GET /boards/seen", "GET /boards/seen", "GET /boards/seen",
 "PUT /boards/seen\nx", "PUT /boards/seen\nx", "PUT /boards/seen\nx"]
--- more_headers eval
["", "X-Profile: nobody\@example.test", "X-Profile: no address",
 "", "X-Profile: nobody\@example.test", "X-Profile: member\@example.test"]
--- error_code eval: [200, 200, 200, 403, 403, 200]
--- response_headers eval
["X-Verdict: PASSED ALLOW\nX-Role: visitor",
 "X-Verdict: PASSED ALLOW\nX-Role: visitor",
 "X-Verdict: PASSED ALLOW\nX-Role: visitor",
 "X-Verdict: REFUSED GUEST_VIEW_ONLY", "X-Verdict: REFUSED GUEST_VIEW_ONLY",
 "X-Verdict: PASSED ALLOW\nX-Role: member"]
--- no_error_log
[error]



=== TEST 8: R56 or edit, where link and plan say so; on Free it views at most
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request eval
["PUT /boards/open\nx", "PUT /boards/open\nx", "GET /boards/freelink",
 "PUT /boards/freelink\nx", "GET /boards/endedlink",
 "PUT /boards/endedlink\nx"]
--- more_headers eval
["", "X-Profile: nobody\@example.test", "", "", "", ""]
--- error_code eval: [200, 200, 200, 403, 200, 403]
--- response_headers eval
["X-Verdict: PASSED ALLOW\nX-Role: visitor", "X-Verdict: PASSED ALLOW",
 "X-Verdict: PASSED ALLOW", "X-Verdict: REFUSED GUEST_VIEW_ONLY",
 "X-Verdict: PASSED ALLOW", "X-Verdict: REFUSED TEAM_EXPIRED"]
--- no_error_log
[error]



=== TEST 9: a guest of another board, and a member of a private one, come by the link
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request eval
["GET /boards/seen", "GET /boards/hidden", "PUT /boards/hidden\nx"]
--- more_headers eval
["X-Profile: guest\@example.test", "X-Profile: member\@example.test",
 "X-Profile: member\@example.test"]
--- error_code eval: [200, 200, 403]
--- response_headers eval
["X-Verdict: PASSED ALLOW\nX-Role: visitor",
 "X-Verdict: PASSED ALLOW\nX-Role: visitor",
 "X-Verdict: REFUSED GUEST_VIEW_ONLY"]
--- no_error_log
[error]



=== TEST 10: without a link nobody gets in, nor learns what there is
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request eval
["GET /boards/paid1", "GET /boards/deleted", "GET /boards/never",
 "GET /boards/nowhere", "GET /boards/a%20b"]
--- error_code eval: [401, 401, 401, 401, 401]
--- response_headers eval
[("X-Verdict: REFUSED UNAUTHENTICATED") x 5]
--- log_level: warn
--- no_error_log
[alert]



=== TEST 11: a stranger without any record is no member, once all records are there
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request eval
["GET /boards/paid1", "GET /boards/paid1", "GET /boards/open"]
--- more_headers
X-Profile: foreigner@example.test
--- error_code eval: [403, 403, 200]
--- response_headers eval
["X-Verdict: REFUSED NOT_A_MEMBER", "X-Verdict: REFUSED NOT_A_MEMBER",
 "X-Verdict: PASSED ALLOW"]
--- no_error_log
[error]



=== TEST 12: while the worker does not tell he is unknown, but for a link
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
worker('{"records":false}');
--- request eval
["GET /boards/paid1", "GET /boards/seen", "PUT /boards/seen\nx",
 "GET /boards/seen"]
--- more_headers eval
[("X-Profile: foreigner\@example.test") x 3, ""]
--- error_code eval: [503, 200, 503, 200]
--- response_headers eval
["X-Verdict: UNKNOWN ENTITLEMENT_UNKNOWN", "X-Verdict: PASSED ALLOW",
 "X-Verdict: UNKNOWN ENTITLEMENT_UNKNOWN", "X-Verdict: PASSED ALLOW"]
--- log_level: crit



=== TEST 13: billing_on_error pass lets neither strangers nor nobody in
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    location ~ ^/boards/(?<b>[^/]*)$ {
        billing_profile $http_x_profile;
        billing_board $b;
        billing_require auto;
        billing_on_error pass;
        add_header X-Verdict "$billing_status $billing_reason" always;
        empty_gif;
    }
--- init
ready();
worker('{"records":{"billing:1:{never}:board":null}}');
--- request eval
["GET /boards/paid1", "GET /boards/business2", "GET /boards/never",
 "GET /boards/never"]
--- more_headers eval
["X-Profile: foreigner\@example.test", "X-Profile: guest\@example.test", "",
 "X-Profile: guest\@example.test"]
--- error_code eval: [403, 403, 401, 200]
--- response_headers eval
["X-Verdict: REFUSED NOT_A_MEMBER", "X-Verdict: REFUSED NOT_A_MEMBER",
 "X-Verdict: REFUSED UNAUTHENTICATED", "X-Verdict: UNKNOWN ALLOW"]
--- log_level: crit



=== TEST 14: R202 without a licence one views; the link of a board does not help
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request eval
["GET /boards/corp1", "PUT /boards/corp1\nx", "PUT /boards/corp2\nx",
 "PUT /boards/corp2\nx"]
--- more_headers eval
[("X-Profile: staff\@example.test") x 3, ""]
--- error_code eval: [200, 403, 403, 200]
--- response_headers eval
["X-Verdict: PASSED ALLOW\nX-Role: restricted",
 "X-Verdict: REFUSED LICENCE_REQUEST", "X-Verdict: REFUSED LICENCE_REQUEST",
 "X-Verdict: PASSED ALLOW"]
--- response_body_like eval
[qr/ok/, qr/"code":\s*"LICENCE_REQUEST"/, qr/LICENCE_REQUEST/, qr/ok/]
--- no_error_log
[error]



=== TEST 15: R42 a team with a number of its own says that number
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request
PUT /boards/legacy1
--- more_headers
X-Profile: owner@example.test
--- error_code: 403
--- response_headers
X-Verdict: REFUSED BOARD_LOCKED_LIMIT
--- response_body_like: Only the 5 newest boards
--- no_error_log
[error]



=== TEST 16: members and strangers cost no look more: a public board asks for three records
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- init
ready();
--- request eval
["GET /boards/paid1", "GET /boards/paid1", "GET /billing/status?format=prometheus",
 "GET /boards/paid1", "GET /billing/status?format=prometheus"]
--- more_headers eval
["X-Profile: member\@example.test", "X-Profile: member\@example.test", "",
 "X-Profile: guest\@example.test", ""]
--- error_code eval: [200, 200, 200, 200, 200]
--- response_body_like eval
[qr/ok/, qr/ok/, qr/fetched\S* 3\b/s, qr/ok/, qr/fetched\S* 5\b/s]
--- no_error_log
[error]
