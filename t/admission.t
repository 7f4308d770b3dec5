# P66: what is accepted while the worker is behind: nothing about money once
# the oldest command has waited too long, nothing at all beyond a number.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use FakeWorker;
use Test::Nginx::Socket 'no_plan';

our $dir = fixture();
Billing::conf_file('patient.json',
    'redis.sock"' => 'redis.sock", "queue_max_ms": 60000');

our $BUY = '{"team":"t1","plan":"team","seats":3,"period":"monthly",'
    . '"payment":{"method":"card","payment_method":"pm_1"}}';
our $KEY = 'Idempotency-Key: 0123456789abcdef';

sub buying { return logged_in('owner@example.test') . "\n$KEY" }

# An entry that has waited so long, in milliseconds of Redis's clock.
our $OLD = 'local t = redis.call("TIME"); local ms = t[1] * 1000'
    . ' + math.floor(t[2] / 1000) - ARGV[1]; for i = 1, ARGV[2] do'
    . ' redis.call("XADD", "billing:1:commands", string.format("%.0f", ms)'
    . ' .. "-" .. i, "c", "x") end';

sub waiting { redis('EVAL', $OLD, 0, @_) }

add_block_preprocessor(sub {
    my ($block) = @_;
    redis('DEL', 'billing:1:commands');
    worker('{}');
    $block->set_value('http_config', '$TEST_NGINX_BILLING')
        if !defined $block->http_config;
    $block->set_value('config', 'location / { billing_api; billing_wait 5s; }')
        if !defined $block->config;
});

no_root_location();
no_long_string();
run_tests();

__DATA__

=== TEST 1: nothing waits
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- response_body_like: "kind":"upgrade\.buy"



=== TEST 2: one that is new
--- init: main::waiting(0, 1)
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- response_body_like: "kind":"upgrade\.buy"



=== TEST 3: the oldest has waited too long: no money
--- init: main::waiting(5000, 1)
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 503
--- response_headers_like
Retry-After: [2-5]
--- response_body_like: nothing was charged.*"code":"OVERLOADED"



=== TEST 4: told in French
--- init: main::waiting(5000, 1)
--- request eval: "POST /upgrade?lang=fr\n$main::BUY"
--- more_headers eval: main::buying()
--- error_code: 503
--- response_body_like: rien n’a été débité.*"code":"OVERLOADED"



=== TEST 5: a question
--- init: main::waiting(5000, 1)
--- request
GET /billing/overview?team=t1
--- more_headers eval: main::cookie('owner@example.test')
--- response_body_like: "kind":"billing\.overview"



=== TEST 6: a command without money
--- init: main::waiting(5000, 1)
--- request eval: 'POST /dashboard/teams' . "\n" . '{"name":"Other"}'
--- more_headers eval: main::logged_in('owner@example.test')
--- response_body_like: "kind":"team\.create"



=== TEST 7: as many as there may be: no command
--- init: main::waiting(0, 4096)
--- request eval: 'POST /dashboard/teams' . "\n" . '{"name":"Other"}'
--- more_headers eval: main::logged_in('owner@example.test')
--- error_code: 503
--- response_body_like: "code":"OVERLOADED"



=== TEST 8: one less
--- init: main::waiting(0, 4095)
--- request eval: 'POST /dashboard/teams' . "\n" . '{"name":"Other"}'
--- more_headers eval: main::logged_in('owner@example.test')
--- response_body_like: "kind":"team\.create"



=== TEST 9: as many as there may be: a question
--- init: main::waiting(0, 4096)
--- request
GET /billing/overview?team=t1
--- more_headers eval: main::cookie('owner@example.test')
--- response_body_like: "kind":"billing\.overview"



=== TEST 10: it is counted
--- init: main::waiting(5000, 1)
--- pipelined_requests eval
["POST /upgrade\n$main::BUY", "GET /billing/status?format=json"]
--- more_headers eval: main::buying()
--- error_code eval: [503, 200]
--- response_body_like eval: ['OVERLOADED', '"overloaded":[1-9]']



=== TEST 11: another limit
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/patient.json;
billing_zone billing 1m; billing_worker off;
--- init: main::waiting(5000, 1)
--- request eval: "POST /upgrade\n$main::BUY"
--- more_headers eval: main::buying()
--- response_body_like: "kind":"upgrade\.buy"
