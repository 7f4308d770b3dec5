#!/usr/bin/perl

# A worker dies in the middle of a write to the zone (P28, P63).  What it left
# is nobody's record, and what comes after it may be older than what was there:
# an answer of Redis from before.  It is asked for once more, not believed.
#
# Needs a debug build: make gate-campaign.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::More;
use Test::Nginx::Local::Server;
use Tidy;
use Time::HiRes qw(sleep);

my ($module) = grep { /billing/ } split ' ', $ENV{TEST_NGINX_LOAD_MODULES} // '';

plan(skip_all => 'not a debug build')
    if !$module || slurp($module) !~ /BILLING_FAULT_ZONE_WRITE/;

my $dir = fixture();
seed();
redis('SET', 'billing:1:epoch', '1 ready');

$Test::Nginx::Local::Server::MASTER = 'on';
@Test::Nginx::Local::Server::ENVIRONMENT = ('BILLING_FAULT_ZONE_WRITE=30');

nginx_start(log_level => 'info',
    http_config => "billing_config $dir/billing.json; "
        . 'billing_zone billing 1m; billing_worker off;',
    config => <<'CONF');
    billing_profile owner@example.test;
    billing_team paid;
    location = /gate { billing_require edit; empty_gif; }
    location / { billing_api; }
CONF

sub linked { until_true(sub { eval { counters()->{link} } }, 10) }
sub deaths { () = error_log() =~ /exited on signal 9/g }
sub said { (get('/gate'))[0] }

ok(linked(), 'somebody listens');
is(said(), 200, 'two records are written');
publish(team('paid', 'team', 'active', version => $_)) for 2 .. 28;
sleep 0.3;
publish(team('paid', 'team', 'expired', version => 40));
ok(until_true(sub { deaths() == 1 }, 10), 'a worker dies in its thirtieth write');

put(team('paid', 'team', 'active', version => 30));
ok(linked(), 'another one listens');
is(said(), 200, 'what Redis says is all there is to say');
put(team('paid', 'team', 'expired', version => 40));
is(said(), 403, 'but it is asked once more');
put(team('paid', 'team', 'active', version => 35));
is(said(), 403, 'and what is known is believed again') for 1 .. 3;
is(deaths(), 1, 'nobody else has died');
like(error_log(), qr/was locked by/, 'it had held the lock');
nginx_stop(qr/exited on signal 9|was locked by/);

done_testing();
