#!/usr/bin/perl

# The gate and Day Passes: Occasional users edit while a pass runs; and
# trials, which end by themselves.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use JSON::PP;
use Test::Nginx::Socket 'no_plan';

fixture();
seed();

# Roles: 1 guest, 2 member, 128 Occasional.

my $now = int time;
my $email = 'occasional@example.test';

put(
    team('passes', 'business', 'active', valid_until => $now + 86400,
        period_end => $now + 86400, day_passes => JSON::PP::true()),
    team('off', 'business', 'active', valid_until => $now + 86400),
    team('paused', 'business', 'active', valid_until => $now - 1,
        day_passes => JSON::PP::true()),
    team('trial', 'business', 'trial', valid_until => $now + 86400,
        period_end => $now + 86400, plan_after => 'team'),
    team('tried', 'business', 'trial', valid_until => $now - 1,
        period_end => $now + 86400, plan_after => 'team'),
    team('triedfree', 'business', 'trial', valid_until => $now - 1,
        plan_after => 'free', editable_from => 2),
    (map { board("${_}1", $_, 1) } qw(passes off paused trial tried triedfree)),
    (map { member($_, $email, 128, pass_ends_at => $now + 3600) }
        qw(passes off paused)),
    member('passes', 'over@example.test', 128, pass_ends_at => $now - 1),
    member('passes', 'never@example.test', 128),
    member('passes', 'both@example.test', 128 | 2),
    (map { member($_, 'guest@example.test', 1) } qw(trial tried)),
    (map { access("${_}1", 'guest@example.test', 2) } qw(trial tried)),
    (map { board("passes$_", 'passes', $_, private => JSON::PP::true()) } 2, 3),
    access('passes2', $email, 0),
    access('passes3', $email, 2),
    access('passes3', 'over@example.test', 2),
    (map { member($_, 'owner@example.test', 2) } qw(trial tried triedfree)),
);

$ENV{TEST_NGINX_GATE} = <<'CONF';
    location ~ ^/boards/(?<b>[^/]*)$ {
        billing_profile $http_x_profile;
        billing_board $b;
        billing_require auto;
        add_header X-Verdict "$billing_status $billing_reason" always;
        empty_gif;
    }
    location ~ ^/sso/(?<t>[^/]*)$ {
        billing_profile $http_x_profile;
        billing_team $t;
        billing_require view single_sign_on;
        add_header X-Verdict "$billing_status $billing_reason $billing_plan" always;
        empty_gif;
    }
CONF

no_long_string();
run_tests();

__DATA__

=== TEST 1: an Occasional user views, and edits while a pass runs
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["GET /boards/passes1", "PUT /boards/passes1\nx"]
--- more_headers
X-Profile: occasional@example.test
--- error_code eval: [200, 405]
--- response_headers eval
["X-Verdict: PASSED ALLOW", "X-Verdict: PASSED ALLOW"]
--- no_error_log
[error]



=== TEST 2: none runs: 402 with what to do; the last second of one is not in it
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["PUT /boards/passes1\nx", "PUT /boards/passes1\nx", "GET /boards/passes1"]
--- more_headers eval
["X-Profile: over\@example.test", "X-Profile: never\@example.test",
 "X-Profile: never\@example.test"]
--- error_code eval: [402, 402, 200]
--- response_body_like eval
[qr/"code":\s*"DAYPASS_NEEDED"/, qr/"code":\s*"DAYPASS_NEEDED"/, qr/GIF/]
--- response_headers eval
["X-Verdict: REFUSED DAYPASS_NEEDED", "X-Verdict: REFUSED DAYPASS_NEEDED",
 "X-Verdict: PASSED ALLOW"]



=== TEST 3: switched off, or an inactive subscription: a running pass opens nothing
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["PUT /boards/off1\nx", "PUT /boards/paused1\nx", "GET /boards/paused1"]
--- more_headers
X-Profile: occasional@example.test
Accept-Language: fr
--- error_code eval: [403, 403, 200]
--- response_body_like eval
[qr/Les Day Pass ne sont pas disponibles/, qr/"code":\s*"DAYPASS_OFF"/, qr/GIF/]
--- response_headers eval
["X-Verdict: REFUSED DAYPASS_OFF", "X-Verdict: REFUSED DAYPASS_OFF",
 "X-Verdict: PASSED ALLOW"]



=== TEST 4: who has a seat needs no pass
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request
PUT /boards/passes1
--- more_headers
X-Profile: both@example.test
--- error_code: 405
--- response_headers
X-Verdict: PASSED ALLOW



=== TEST 5: in a trial the features are those that are tried
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["GET /sso/trial", "PUT /boards/trial1\nx"]
--- more_headers eval
["X-Profile: owner\@example.test", "X-Profile: guest\@example.test"]
--- error_code eval: [200, 405]
--- response_headers eval
["X-Verdict: PASSED ALLOW business", "X-Verdict: PASSED ALLOW"]



=== TEST 6: over, what was before is there again, and nobody has to say so
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["GET /sso/tried", "PUT /boards/tried1\nx", "PUT /boards/tried1\nx",
 "PUT /boards/triedfree1\nx", "GET /boards/triedfree1"]
--- more_headers eval
["X-Profile: owner\@example.test", "X-Profile: owner\@example.test",
 "X-Profile: guest\@example.test", "X-Profile: owner\@example.test",
 "X-Profile: owner\@example.test"]
--- error_code eval: [402, 405, 403, 403, 200]
--- response_headers eval
["X-Verdict: REFUSED FEATURE_MISSING business", "X-Verdict: PASSED ALLOW",
 "X-Verdict: REFUSED GUEST_VIEW_ONLY", "X-Verdict: REFUSED BOARD_LOCKED_LIMIT",
 "X-Verdict: PASSED ALLOW"]



=== TEST 7: a private board is to Occasional users what it is to members
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval: $ENV{TEST_NGINX_GATE}
--- request eval
["GET /boards/passes2", "GET /boards/passes3", "PUT /boards/passes3\nx",
 "PUT /boards/passes3\nx"]
--- more_headers eval
["X-Profile: occasional\@example.test", "X-Profile: occasional\@example.test",
 "X-Profile: occasional\@example.test", "X-Profile: over\@example.test"]
--- error_code eval: [404, 200, 405, 402]
--- response_headers eval
["X-Verdict: REFUSED BOARD_NOT_FOUND", "X-Verdict: PASSED ALLOW",
 "X-Verdict: PASSED ALLOW", "X-Verdict: REFUSED DAYPASS_NEEDED"]
