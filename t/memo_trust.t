#!/usr/bin/perl

# How far a memo of who passed is trusted: no longer than the records it rests
# on, which are not asked for again to find that out.  Records are written
# behind the zone's back here, and the requests do not pause: a memo that went
# too far would say yes for ever.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::More;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep time);

my $dir = fixture();
seed();
redis('SET', 'billing:1:epoch', '1 ready');

my $SLOW = $ENV{TEST_NGINX_USE_VALGRIND} ? 5 : 1;

$Test::Nginx::Local::Server::WORKERS = 1;

sub start {
    my ($zone, $level) = @_;
    nginx_start(log_level => $level,
        http_config => "billing_config $dir/billing.json; "
            . "billing_zone billing $zone; billing_worker off;",
        config => <<'CONF');
    billing_profile $arg_p@example.test;
    billing_team $arg_t;
    add_header X-Said "$billing_status $billing_cache" always;
    location = /gate { billing_require edit; empty_gif; }
    location = /short { billing_require edit; billing_cache_max_age 2s;
        empty_gif; }
    location = /kept { billing_require edit; billing_cache_ttl 60s;
        empty_gif; }
    location = /none { billing_require edit; billing_stale 0s;
        billing_on_error pass; empty_gif; }
    location / { billing_api; }
CONF
    ok(until_true(sub { counters()->{link} }, 5 * $SLOW), 'somebody listens');
}

sub said {
    my ($path) = @_;
    my ($status, $head) = get($path);
    my ($said) = $head =~ /^X-Said: ([^\r\n]*)/m;
    return join ' ', $status, $said // '';
}

sub as_before {
    return scalar grep { /billing: passes as before/ }
        @{ Test::Nginx::Local::Server::error_log_data() };
}

# True once it is answered by a memo: what came before the link is told apart
# from what came over it for a second.

sub warm {
    my ($path) = @_;
    ok(until_true(sub {
            as_before();
            said($path) eq '200 PASSED HIT' && as_before() }, 5 * $SLOW),
        "$path is answered by its memo");
}

# Nothing is asked while there is no link: what is between two is not meant.

sub relink {
    redis('CLIENT', 'KILL', 'TYPE', 'pubsub');
    sleep 0.3;
    ok(until_true(sub { counters()->{link} }, 5 * $SLOW), 'another link');
}

my $version = 1;

sub team_is {
    my ($state, %more) = @_;
    return team('paid', 'team', $state, version => ++$version, %more);
}

start('1m', 'debug');


# --- its age --------------------------------------------------------------------

warm('/short?p=owner&t=paid');
put(team_is('expired'));
ok(until_true(sub { said('/short?p=owner&t=paid') =~ /^403/ }, 6 * $SLOW),
    'no longer than billing_cache_max_age');
put(team_is('active'));
ok(until_true(sub { said('/short?p=owner&t=paid') =~ /^200/ }, 6 * $SLOW),
    'and back');

# The member's record is the older one.

publish(member('paid', 'owner@example.test', 2, version => ++$version));
my $since = time;
sleep 1.5;
publish(team_is('active'));
put(member('paid', 'owner@example.test', 0, version => ++$version));
while (time < $since + 2.5) {
    said('/short?p=owner&t=paid');
    sleep 0.05;
}
like(said('/short?p=owner&t=paid'), qr/^403/, 'the oldest record counts');
publish(member('paid', 'owner@example.test', 2, version => ++$version));


# --- the link -------------------------------------------------------------------

my $path = '/gate?p=owner&t=paid';
warm($path);
put(team_is('expired'));
relink();
ok(until_true(sub { said($path) =~ /^403/ }, 4 * $SLOW),
    'of before a new link: no longer than billing_cache_ttl');
put(team_is('active'));
redis('CLIENT', 'KILL', 'TYPE', 'pubsub');
ok(until_true(sub { said($path) =~ /^200/ }, 4 * $SLOW), 'and back');

publish(member('paid', 'owner@example.test', 2, version => ++$version));
put(member('paid', 'owner@example.test', 0, version => ++$version));
relink();
publish(team_is('active'));
ok(until_true(sub { said($path) =~ /^403/ }, 4 * $SLOW),
    'nor when some of it has come over the new one');
publish(member('paid', 'owner@example.test', 2, version => ++$version));

warm($path);
redis_signal('STOP');
ok(until_true(sub { said($path) =~ /^200 STALE/ }, 6 * $SLOW),
    'of a link that has fallen silent: neither');
as_before();
like(said($path), qr/^200 STALE/, 'what is stale') for 1 .. 2;
is(as_before(), 0, 'is no memo');
like(said('/none?p=owner&t=paid'), qr/^200 UNKNOWN/, 'what is not known')
    for 1 .. 2;
is(as_before(), 0, 'is none either');
redis_signal('CONT');
nginx_stop();
start('1m', 'debug');


# --- the epoch ------------------------------------------------------------------

publish(team_is('active', epoch => 2));
warm($path);
redis('SET', 'billing:1:epoch', '2 ready');
redis('PUBLISH', 'billing:1:notice', 'billing:1:epoch 2 ready');
ok(until_true(sub { said($path) =~ /^200 STALE/ }, 3 * $SLOW),
    'of an older epoch: not at all; the oldest record counts');
publish(member('paid', 'owner@example.test', 2, version => ++$version,
    epoch => 2));
warm($path);
redis('SET', 'billing:1:epoch', '1 ready');
nginx_stop();


# --- a full table -----------------------------------------------------------------

# Whoever asks is not thrown out, though only his memo be looked at.

seed();
start('128k', 'error');
my $n = 1600;
put(map { member('business', "m$_\@example.test", 2) } 1 .. $n);
said('/kept?p=owner&t=business');

# Few enough in a second: of those used in the same one any may have to go.

sub thrown_out {
    my @others = 1 .. $n;
    my $fetched = 0;
    for my $round (1 .. 10) {
        for my $i (splice @others, 0, $n / 10) {
            said("/kept?p=m$i&t=business");
            $fetched++ if said('/kept?p=owner&t=business') =~ /MISS/;
        }
        sleep 1.05;
    }
    return $fetched;
}

# A machine that stands still for a moment distrusts all it has; not thrice.
my $fetched;
for (1 .. 3) {
    $fetched = thrown_out();
    last if $fetched == 0;
}
cmp_ok(counters()->{counters}{evicted}, '>', 100, 'many were thrown out');
is($fetched, 0, 'but not who is there all the time');
my $missed = grep { said("/kept?p=m$_&t=business") !~ /^200/ } 1 .. $n / 4;
is($missed, 0, 'whose place another has taken is asked for again');
nginx_stop();

done_testing();
