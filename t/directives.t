#!/usr/bin/perl

# Directives together, inherited and replaced; what is wrong is in wrong.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::Nginx::Socket 'no_plan';

my $dir = fixture();
seed();
conf_file('six.json', "unix:$dir/redis.sock" => '[::1]:6379');

no_root_location();
no_long_string();
run_tests();

__DATA__

=== TEST 1: IPv6, and everything at once, inherited and overridden
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/six.json; billing_zone billing 1m;
billing_worker off;
billing_session_cookie my_session-1;
billing_origin https://boards.example.test:8443;
billing_profile $http_x_profile;
billing_team $arg_t;
billing_wait 2s;
billing_stale 0;
billing_cache_max_age 1m;
billing_cache_ttl 2s;
billing_log_level notice;
billing_pages /p/;
--- config
billing_require view;
location /t {
    billing_require off;
    return 204;
    location /t/nested { billing_require edit seat voting; billing_status_code 404; }
}
location /u {
    billing_dry_run on;
    billing_on_error pass;
}
--- request
GET /t
--- error_code: 204



=== TEST 2: the module loaded and not used
--- config
location = /t { add_header X-A "[$billing_status][$billing_session_profile]"; return 204; }
--- request
GET /t
--- error_code: 204
--- response_headers
X-A: [][]
--- no_error_log
[error]
[alert]



=== TEST 3: a location's own word counts, then the server's, then http's
--- http_config
$TEST_NGINX_BILLING
billing_profile owner@example.test;
billing_status_code 418;
billing_require voting;
--- config
    billing_team free;
    billing_status_code 451;
    location = /server { empty_gif; }
    location = /own { billing_status_code 404; empty_gif; }
    location = /team { billing_team paid; empty_gif; }
    location = /who { billing_profile guest@example.test; billing_require admin; empty_gif; }
    location = /off { billing_require off; empty_gif; }
    location /outer {
        billing_status_code 409;
        location = /outer/inner { empty_gif; }
        location = /outer/other { billing_require view; empty_gif; }
    }
--- request eval
["GET /server", "GET /own", "GET /team", "GET /who", "GET /off",
 "GET /outer/inner", "GET /outer/other"]
--- error_code eval: [451, 404, 200, 451, 200, 409, 200]



=== TEST 6: what is required of a whole server needs its team in each location alone
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile owner@example.test;
    billing_require view;
    root $TEST_NGINX_HTML_DIR;
    location = /paid { billing_team paid; empty_gif; }
    location = /none { billing_require off; empty_gif; }
    location /a/ { billing_team $arg_t; empty_gif; }
--- request eval
["GET /paid", "GET /none", "GET /a/?t=paid", "GET /a/", "GET /elsewhere"]
--- error_code eval: [200, 200, 200, 404, 404]
--- response_body_like eval
['GIF', 'GIF', 'GIF', 'TEAM_NOT_FOUND', 'TEAM_NOT_FOUND']



=== TEST 4: below the log's own level, silence
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile stranger@example.test;
    location = /t { billing_team paid; billing_require view; empty_gif; }
--- request
GET /t
--- error_code: 403
--- log_level: notice
--- no_error_log
refused
example.test



=== TEST 5: a hundred locations, each with words of its own
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config eval
"billing_profile owner\@example.test; billing_require view;\n"
. CORE::join '', map { my $t = (qw(free paid business ended))[$_ % 4];
    "location = /l$_ { billing_team $t; "
    . ($_ % 3 ? '' : 'billing_require voting; ')
    . ($_ % 5 ? '' : 'billing_require off; ') x !!($_ % 3)
    . 'add_header X-Team "$billing_team"; empty_gif; }' . "\n" } 1 .. 100
--- request eval: [map { "GET /l$_" } 1, 4, 5, 10, 12, 51, 99]
--- error_code eval: [200, 200, 200, 200, 402, 403, 403]
--- response_headers eval
["X-Team: paid", "X-Team: free", "X-Team: ", "X-Team: ", "X-Team: ",
 "X-Team: ", "X-Team: "]



=== TEST 7: a refusal at the level notice
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile stranger@example.test;
    location = /t { billing_team paid; billing_require view; billing_log_level notice; empty_gif; }
--- request
GET /t
--- error_code: 403
--- log_level: notice
--- error_log eval
qr/\[notice\] .*billing: refused, NOT_A_MEMBER, team "paid"/
--- no_error_log
example.test



=== TEST 8: a refusal at the level warn
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile stranger@example.test;
    location = /t { billing_team paid; billing_require view; billing_log_level warn; empty_gif; }
--- request
GET /t
--- error_code: 403
--- log_level: notice
--- error_log eval
qr/\[warn\] .*billing: refused, NOT_A_MEMBER, team "paid"/
--- no_error_log
example.test



=== TEST 9: a refusal at the level error
--- http_config eval: $ENV{TEST_NGINX_BILLING}
--- config
    billing_profile stranger@example.test;
    location = /t { billing_team paid; billing_require view; billing_log_level error; empty_gif; }
--- request
GET /t
--- error_code: 403
--- log_level: notice
--- error_log eval
qr/\[error\] .*billing: refused, NOT_A_MEMBER, team "paid"/
--- no_error_log
example.test
