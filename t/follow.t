#!/usr/bin/perl

# Pages that follow a team: who waits is answered when the version is another,
# when the time is over, when the page has gone nobody is; there are bounds, and
# a worker that leaves is not held by them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use FakeWorker ();
use Test::More;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep time);

my $dir = fixture();
seed();
ready();

my $LONG = 20;

$Test::Nginx::Local::Server::MASTER = 'on';
$Test::Nginx::Local::Server::WORKERS = 1;
nginx_start(log_level => 'info',
    http_config => "billing_config $dir/billing.json; "
        . 'billing_zone billing 1m; billing_worker off;',
    config => "location / { billing_api; billing_follow ${LONG}s; }\n"
        . 'location /short/ { rewrite ^/short(.*) $1 break; billing_api;'
        . ' billing_follow 300ms; }');

sub follow {
    my ($version, %how) = @_;
    my $shown = defined $version ? "&version=$version" : '';
    return get(($how{prefix} // '') . "/billing/follow?team=paid$shown",
        headers => [FakeWorker::cookie($how{who} // 'owner@example.test')],
        async => $how{async});
}

# The worker says that the team is at this version.

sub now_at {
    worker(qq({"status":200,"body":{"team":"paid","version":$_[0]}}));
}

sub later { publish(team('paid', 'team', 'active', version => $_[0])) }

now_at(5);
until_true(sub { counters()->{link} });

my ($status, $head, $body, $seconds) = follow();
is($status, 200, 'without a version it is answered');
like($body, qr/"version":\s*5\b/, 'with the one there is');
cmp_ok($seconds, '<', $LONG / 2, 'and does not wait');

($status, undef, $body, $seconds) = follow(4);
like($body, qr/"version":\s*5\b/, 'a page that is behind is told so');
cmp_ok($seconds, '<', $LONG / 2, 'at once');

($status, undef, $body) = follow(5, prefix => '/short');
is($status, 200, 'a page that is not waits until its time is over');
like($body, qr/"version":\s*5\b/, 'and hears the same version');

($status, undef, $body) = get('/billing/follow?team=paid&version=5');
is($status, 401, 'nobody follows without signing in');

worker('{"status":403,"problem":true,"body":{"code":"NOT_A_MEMBER"}}');
($status, undef, $body) = follow(5);
is($status, 403, 'who may not is refused by the worker and does not wait');
now_at(5);

# A change

my $socket = follow(5, async => 1);
sleep 0.5;
later(4);
later(6);
my $changed = time;
($status, undef, $body) = Billing::answer($socket);
is($status, 200, 'who waits is answered when the team changes');
like($body, qr/"version":\s*6\b/, 'with the version of the change');
cmp_ok(time - $changed, '<', $LONG / 2, 'long before the time is over');

# Bounds: eight pages of a profile, then come again later.

now_at(6);
my @waiting = map { follow(6, async => 1) } 1 .. 8;
sleep 0.7;
($status, $head, $body, $seconds) = follow(6);
is($status, 200, 'the ninth page of a profile does not wait');
like($head, qr/^Retry-After: 5\r?$/m, 'and is told to come again');
cmp_ok($seconds, '<', $LONG / 2, 'at once');

$socket = follow(6, who => 'member@example.test', async => 1);
sleep 0.5;
close $_ for splice @waiting, 0, 4;
ok(until_true(sub { (follow(6, prefix => '/short'))[1] !~ /Retry-After/ }),
    'pages that are closed leave their places');
later(7);
($status, undef, $body) = Billing::answer($socket);
like($body, qr/"version":\s*7\b/, 'another profile has places of its own');
like((Billing::answer($_))[2], qr/"version":\s*7\b/, 'all who wait hear of it')
    for @waiting;

# A reload: the old worker answers who waits and is gone.

sub workers {
    my @lines = grep { /worker process/ }
        split /^/, `ps --ppid @{[Billing::nginx_pid()]} -o pid=,args=`;
    return map { /^\s*(\d+)/ } @lines;
}

now_at(7);
my ($old) = workers();
$socket = follow(7, async => 1);
sleep 0.5;
my $start = time;
nginx_signal('HUP');
($status, undef, $body) = Billing::answer($socket);
is($status, 200, 'a reload answers who waits');
like($body, qr/"version":\s*7\b/, 'with what there is');
ok(until_true(sub { !-e "/proc/$old" }, $LONG), 'and the old worker ends');
cmp_ok(time - $start, '<', $LONG, 'before the time of who waited was over');

unlike(error_log(), qr/\[(?:alert|emerg)\]/, 'nothing bad in the log');
nginx_stop();

done_testing();
