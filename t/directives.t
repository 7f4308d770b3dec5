#!/usr/bin/perl

# Directives: what is refused, with file and line, and what is taken.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::Nginx::Socket 'no_plan';

my $dir = fixture();

spew('empty', "\n");
spew('big', 'x' x 5000);
spew('open', "a master secret of a test, longer than 32 bytes\n", 0644);
conf_file('empty.json', "$dir/master" => "$dir/empty");
conf_file('big.json', "$dir/master" => "$dir/big");
conf_file('open.json', "$dir/master" => "$dir/open");
conf_file('missing.json', "$dir/master" => "$dir/nowhere");
conf_file('none.json', qq{["$dir/master"]} => '[]');
conf_file('hook.json', "$dir/gateway_webhook" => "$dir/empty");
conf_file('port.json', "unix:$dir/redis.sock" => '127.0.0.1:99999');
conf_file('long.json', "unix:$dir/redis.sock" => 'unix:/' . 'x' x 200);
conf_file('user.json', "unix:$dir/redis.sock" => 'joe:hunter2@127.0.0.1:6379');
conf_file('six.json', "unix:$dir/redis.sock" => '[::1]:6379');
conf_file('host.json', "unix:$dir/redis.sock" => 'nobody.invalid:6379');
conf_file('syntax.json', '"catalogue"' => 'catalogue');
spew('huge.json', ' ' x (1024 * 1024 + 1));

$ENV{TEST_NGINX_LOCATION} = 'billing_profile $arg_p; billing_team $arg_t;';

no_long_string();
run_tests();

__DATA__

=== TEST 1: billing_config twice
--- http_config
$TEST_NGINX_BILLING billing_config $TEST_NGINX_BILLING_DIR/billing.json;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_config" directive is duplicate in\E}



=== TEST 2: billing_config in a server
--- http_config
$TEST_NGINX_BILLING
--- config
billing_config $TEST_NGINX_BILLING_DIR/billing.json;
--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_config" directive is not allowed here in\E}



=== TEST 3: billing_config without a file
--- http_config
billing_config "";
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qempty file name in\E}



=== TEST 4: billing_config with two files
--- http_config
billing_config a b;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qinvalid number of arguments in "billing_config"\E}



=== TEST 5: billing_config names no file
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/nothing.json;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qnothing.json" failed (2: No such file or directory) in\E}



=== TEST 6: billing_config names a folder
--- http_config
billing_config $TEST_NGINX_BILLING_DIR;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qis not a regular file in\E}



=== TEST 7: billing_config is too large
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/huge.json;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qis larger than 1048576 bytes in\E}



=== TEST 8: billing_config is not JSON: file, line and column
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/syntax.json; billing_zone billing 1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*billing: \S+/syntax\.json:\d+:\d+: .* in \S+/nginx\.conf:\d+}



=== TEST 9: a secret is empty
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/empty.json; billing_zone billing 1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q/empty" is empty or holds a zero byte in\E}



=== TEST 10: a secret is larger than 4 KB
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/big.json; billing_zone billing 1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q/big" is larger than 4096 bytes in\E}



=== TEST 11: a secret is missing
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/missing.json; billing_zone billing 1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q/nowhere" failed (2: No such file or directory) in\E}



=== TEST 12: a webhook secret is empty
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/hook.json; billing_zone billing 1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q/empty" is empty or holds a zero byte in\E}



=== TEST 13: Redis at a bad port
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/port.json; billing_zone billing 1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q/redis/address\E}



=== TEST 14: Redis at a path too long
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/long.json; billing_zone billing 1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q/redis/address\E}



=== TEST 15: Redis at an unknown host
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/host.json; billing_zone billing 1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q/redis/address\E}



=== TEST 16: Redis with a password in its address; it is not printed
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/user.json; billing_zone billing 1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q/redis/address\E}
--- no_error_log
hunter2



=== TEST 17: billing_zone twice
--- http_config
$TEST_NGINX_BILLING billing_zone other 1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_zone" directive is duplicate in\E}



=== TEST 18: billing_zone too small
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/billing.json; billing_zone billing 127k;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qzone "billing" is too small, at least 128k is needed in\E}



=== TEST 19: billing_zone of no size
--- http_config
billing_zone billing 10x;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qinvalid zone size "10x" in\E}



=== TEST 20: billing_zone of negative size
--- http_config
billing_zone billing -1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qinvalid zone size "-1m" in\E}



=== TEST 21: billing_zone too large to be a number
--- http_config
billing_zone billing 99999999999999999999m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qinvalid zone size\E}



=== TEST 22: billing_zone without a name
--- http_config
billing_zone "" 1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qempty zone name in\E}



=== TEST 23: billing_zone of a name that somebody else has
--- http_config
$TEST_NGINX_BILLING limit_req_zone $uri zone=billing:1m rate=1r/s;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qis already declared for a different use in\E}



=== TEST 24: no zone
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/billing.json;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_config" needs a "billing_zone"\E}



=== TEST 25: a zone alone
--- http_config
billing_zone billing 1m;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_zone" needs a "billing_config"\E}



=== TEST 26: billing_worker twice
--- http_config
$TEST_NGINX_BILLING billing_worker on;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_worker" directive is duplicate in\E}



=== TEST 27: billing_worker names no program
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/billing.json; billing_zone billing 1m; billing_worker /nowhere/at/all;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qprogram "/nowhere/at/all" cannot be started (2: No such file\E}



=== TEST 28: billing_worker in a location
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_worker on; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_worker" directive is not allowed here\E}



=== TEST 29: a session cookie of a bad name
--- http_config
$TEST_NGINX_BILLING billing_session_cookie "a b";
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qhas a name that is not of letters\E}



=== TEST 30: a session cookie twice
--- http_config
$TEST_NGINX_BILLING billing_session_cookie a; billing_session_cookie b;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_session_cookie" directive is duplicate\E}



=== TEST 31: an origin with a path
--- http_config
$TEST_NGINX_BILLING billing_origin https://example.test/;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qis not "http://HOST" or "https://HOST"\E}



=== TEST 32: an origin without a scheme
--- http_config
$TEST_NGINX_BILLING billing_origin example.test;
--- config

--- must_die
--- error_log eval
qr{\[emerg\] .*\Qis not "http://HOST" or "https://HOST"\E}



=== TEST 33: billing_require before billing_config
--- http_config

--- config
location /t { $TEST_NGINX_LOCATION billing_require view; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Qneeds a "billing_config" in front of it\E}



=== TEST 34: billing_require twice
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { $TEST_NGINX_LOCATION billing_require view; billing_require edit; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_require" directive is duplicate\E}



=== TEST 35: billing_require of an unknown feature names those known
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { $TEST_NGINX_LOCATION billing_require view votin; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Qunknown word "votin" in "billing_require"; known are off auto view edit seat admin billing and the features all_boards private_boards\E}



=== TEST 36: billing_require auto edit
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { $TEST_NGINX_LOCATION billing_require auto edit; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Qhas "auto" beside "view" or "edit"\E}



=== TEST 37: billing_require off view
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { $TEST_NGINX_LOCATION billing_require view off; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Qhas "off" beside other words\E}



=== TEST 38: billing_require of nothing
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { $TEST_NGINX_LOCATION billing_require; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Qinvalid number of arguments in "billing_require"\E}



=== TEST 39: billing_require without team or board
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_require view; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_require" needs a "billing_team" or a "billing_board"\E}



=== TEST 40: an unknown variable
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_team $nothing; billing_require view; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Qunknown "nothing" variable\E}



=== TEST 41: billing_team twice
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_team a; billing_team b; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_team" directive is duplicate\E}



=== TEST 42: billing_cache_max_age 0
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_cache_max_age 0; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 43: billing_cache_max_age 0s
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_cache_max_age 0s; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 44: billing_cache_max_age -1s
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_cache_max_age -1s; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 45: billing_cache_max_age 1.5s
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_cache_max_age 1.5s; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 46: billing_cache_max_age 10x
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_cache_max_age 10x; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 47: billing_cache_max_age 999999999999s
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_cache_max_age 999999999999s; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 48: billing_cache_max_age 2d
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_cache_max_age 2d; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 49: billing_cache_ttl 0
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_cache_ttl 0; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 50: billing_cache_ttl 25h
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_cache_ttl 25h; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 51: billing_stale -1
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_stale -1; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 52: billing_stale 11y
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_stale 11y; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 53: billing_stale 2y
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_stale 2y; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 54: billing_wait 0
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_wait 0; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 55: billing_wait 0ms
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_wait 0ms; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 56: billing_wait 2h
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_wait 2h; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 57: billing_wait 1.5s
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_wait 1.5s; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 58: billing_wait 999999999999s
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_wait 999999999999s; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(value must be between|directive invalid value).* in \S+:\d+}



=== TEST 59: billing_status_code 200
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_status_code 200; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(must be equal to or|value must be|invalid number).* in \S+:\d+}



=== TEST 60: billing_status_code 399
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_status_code 399; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(must be equal to or|value must be|invalid number).* in \S+:\d+}



=== TEST 61: billing_status_code 600
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_status_code 600; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(must be equal to or|value must be|invalid number).* in \S+:\d+}



=== TEST 62: billing_status_code abc
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_status_code abc; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(must be equal to or|value must be|invalid number).* in \S+:\d+}



=== TEST 63: billing_status_code 0
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_status_code 0; }
--- must_die
--- error_log eval
qr{\[emerg\] .*(must be equal to or|value must be|invalid number).* in \S+:\d+}



=== TEST 64: billing_log_level debug
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_log_level debug; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Qinvalid value "debug" in\E}



=== TEST 65: billing_on_error maybe
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_on_error maybe; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Qinvalid value "maybe" in\E}



=== TEST 66: billing_dry_run perhaps
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_dry_run perhaps; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Qit must be "on" or "off" in\E}



=== TEST 67: billing_pages without slashes
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_pages pages; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Qmust begin and end with "/"\E}



=== TEST 68: billing_api without billing_config
--- http_config

--- config
location /t { billing_api; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_api" needs a "billing_config"\E}



=== TEST 69: purchases are never open
--- http_config
$TEST_NGINX_BILLING
--- config
location /t { billing_api; billing_on_error pass; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_on_error pass" in a location with "billing_api": "/t"\E}



=== TEST 70: purchases are never open, inherited
--- http_config
$TEST_NGINX_BILLING
--- config
billing_on_error pass; location /t { billing_api; }
--- must_die
--- error_log eval
qr{\[emerg\] .*\Q"billing_on_error pass" in a location with "billing_api": "/t"\E}



=== TEST 71: a secret that others can read is a warning
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/open.json; billing_zone billing 1m;
--- config
location = /t { return 204; }
--- request
GET /t
--- error_code: 204
--- error_log
[warn]
can be read by others than its owner



=== TEST 72: IPv6, and everything at once, inherited and overridden
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



=== TEST 73: the module loaded and not used
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
