#!/usr/bin/perl

# The zone: what is trusted, how long, and what survives.

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

my $SLACK = $ENV{TEST_NGINX_USE_VALGRIND} ? 3 : 0.35;

sub start {
    my ($zone, %how) = @_;
    $Test::Nginx::Local::Server::MASTER = $how{master} || 'off';
    $Test::Nginx::Local::Server::WORKERS = $how{workers} || 1;
    nginx_start(log_level => 'info',
        http_config => "billing_config $dir/billing.json; "
            . "billing_zone billing $zone;" . ($how{http} || ''),
        config => <<'CONF');
    billing_profile $arg_p@example.test;
    billing_team $arg_t;
    location /gate { billing_require edit; try_files /none @ok; }
    location = /short { billing_require edit; billing_cache_max_age 2s;
        try_files /none @ok; }
    location @ok {
        add_header X-Said "$billing_status $billing_cache $billing_version $billing_plan";
        return 200;
    }
    location = /billing/status { billing_api; }
CONF
}

sub said {
    my ($path, @headers) = @_;
    my ($status, $head, $body) = get($path, headers => \@headers);
    my ($said) = $head =~ /^X-Said: ([^\r\n]*)/m;
    ($said) = $body =~ /"code":\s*"(\w+)"/ if !defined $said;
    return join ' ', $status, $said // '';
}

sub count {
    my ($name) = @_;
    my (undef, undef, $body) = get('/billing/status?format=json');
    return $body =~ /"$name":\s*(\d+)/ ? $1 : "no $name in $body";
}

# True once a listener has a link: then what is changed behind its back stays.

sub linked {
    my ($seen) = @_;
    return until_true(sub {
        my (undef, undef, $body) = get('/billing/status?format=json');
        $body =~ /"link":\s*true/ }, 5);
}


# --- trust -------------------------------------------------------------------------

start('1m');
like(said('/gate?p=owner&t=paid'), qr/^200 PASSED MISS 1 team/,
    'cold: fetched');
like(said('/gate?p=owner&t=paid'), qr/^200 PASSED HIT 1 team/, 'warm: known');
is(count('fetched'), 2, 'two records for one team and one member');
ok(linked(), 'somebody listens');
said('/gate?p=owner&t=paid');

# On a machine that stands still for a second the listener's lease runs out:
# then nothing is trusted that long, and the next try shows it.

ok(until_true(sub {
        publish(team('paid', 'team', 'active', version => 1));
        sleep 0.1;
        put(team('paid', 'team', 'expired', version => 1));
        sleep 1.2;
        said('/gate?p=owner&t=paid') =~ /^200 PASSED HIT 1/ }, 8),
    'while notices come, a record is trusted beyond billing_cache_ttl');
sleep 1;
like(said('/short?p=owner&t=paid'), qr/^403 TEAM_EXPIRED/,
    'but no longer than billing_cache_max_age');
put(team('paid', 'team', 'active', version => 3));

publish(team('paid', 'business', 'active', version => 4));
ok(until_true(sub { said('/gate?p=owner&t=paid') =~ / 4 business/ }, 1),
    'a notice replaces the record');
is(said('/gate?p=owner&t=paid'), '200 PASSED HIT 4 business',
    'without a fetch');

publish(member('paid', 'owner@example.test', 0, version => 2));
ok(until_true(sub { said('/gate?p=owner&t=paid') =~ /NOT_A_MEMBER/ }, 1),
    'who is removed is out');
publish(member('paid', 'owner@example.test', 2, version => 3));
ok(until_true(sub { said('/gate?p=owner&t=paid') =~ /^200/ }, 1),
    'and in again');


# --- what is refused of a notice ------------------------------------------------------

publish(team('paid', 'free', 'free', version => 3));
my ($key, $text) = record(team('paid', 'free', 'free', version => 9));
(my $forged = $text) =~ s/"plan":"free"/"plan":"team"/;
redis('PUBLISH', 'billing:1:notice', "$key $forged");
redis('PUBLISH', 'billing:1:notice', $_) for '', ' ', 'x', "$key ", " $text",
    "$key $text $text", 'a' x 5000, "billing:1:{}:team $text",
    "billing:1:{paid}:member: $text", "billing:1:epoch x", "billing:1:clock x";
my ($other) = record(team('business', 'team', 'active'));
redis('PUBLISH', 'billing:1:notice', "$other $text");
sleep 0.2;
is(said('/gate?p=owner&t=paid'), '200 PASSED HIT 4 business',
    'older, forged, foreign and mangled notices change nothing');
cmp_ok(count('bad_record'), '>=', 5, 'and are counted');


# --- the link falls -------------------------------------------------------------------

put(team('paid', 'business', 'active', version => 5));
redis('CLIENT', 'KILL', 'TYPE', 'pubsub');
ok(until_true(sub { said('/gate?p=owner&t=paid') =~ / 5 business/ }, 3),
    'after a lost link nothing from before it is trusted');
ok(linked(), 'the link is there again');


# --- versions and epochs ----------------------------------------------------------------

said('/gate?p=owner&t=paid');
put(team('paid', 'free', 'free', version => 4));
redis('CLIENT', 'KILL', 'TYPE', 'pubsub');
ok(until_true(sub {
        said('/gate?p=owner&t=paid') =~ /^200 STALE MISS 5 business/ }, 3),
    'an older version in Redis never replaces a newer one');
put(team('paid', 'business', 'active', version => 6));

publish({kind => 'team', id => 'epoch', plan => 'team', state => 'active',
    epoch => 1}, member('epoch', 'owner@example.test', 6));
like(said('/gate?p=owner&t=epoch'), qr/^200 PASSED/, 'epoch 1');
redis('SET', 'billing:1:epoch', '2 ready');
ok(linked());
redis('PUBLISH', 'billing:1:notice', 'billing:1:epoch 2 ready');
ok(until_true(sub { said('/gate?p=owner&t=epoch') =~ /^200 STALE/ }, 2),
    'records of an older epoch are good for stale only');
publish({kind => 'team', id => 'epoch', plan => 'team', state => 'active',
    epoch => 2}, member('epoch', 'owner@example.test', 6, epoch => 2));
ok(until_true(sub { said('/gate?p=owner&t=epoch') =~ /^200 PASSED/ }, 2),
    'until they are written again');
nginx_stop();
redis('DEL', 'billing:1:epoch');
seed();


# --- the test clock -----------------------------------------------------------------------

start('1m');
put(team('term', 'team', 'active', valid_until => int(time) + 3600),
    member('term', 'owner@example.test', 6));
like(said('/gate?p=owner&t=term'), qr/^200 PASSED/, 'before the end');
ok(linked(), 'the listener knows the clock');
redis('PUBLISH', 'billing:1:notice', 'billing:1:clock 7200');
ok(until_true(sub { said('/gate?p=owner&t=term') =~ /TEAM_EXPIRED/ }, 2),
    'paid features end with the test clock, though nothing else has changed');
redis('PUBLISH', 'billing:1:notice', 'billing:1:clock 0');
nginx_stop();


# --- full ------------------------------------------------------------------------------------

start('128k');
my $n = 2000;
put(team('many', 'team', 'active'),
    map { member('many', "m$_\@example.test", 2) } 1 .. $n);
my $wrong = grep { said("/gate?p=m$_&t=many") !~ /^200/ } 1 .. $n;
is($wrong, 0, 'a zone too small is slow, never wrong');
cmp_ok(count('evicted'), '>', 500, 'the oldest have made room');
like(said("/gate?p=m$n&t=many"), qr/HIT/, 'the newest are there');
nginx_stop();


# --- several processes; reload ----------------------------------------------------------------

start('1m', master => 'on', workers => 2);
ok(until_true(sub { said('/gate?p=owner&t=paid') =~ /HIT/ }, 3), 'warm');
ok(linked(), 'one of the workers listens');
said('/gate?p=owner&t=paid');
my %before = map { $_ => count($_) } qw(passed hit fetched);
nginx_signal('HUP');
sleep 1;
ok(until_true(sub { error_log() =~ /gracefully shutting down/ }, 3), 'reload');
cmp_ok(count($_), '>=', $before{$_} || 1, "a reload counts on: $_")
    for sort keys %before;
like(said('/gate?p=owner&t=paid'), qr/^200 PASSED/, 'after a reload');
ok(linked(), 'a new worker listens');
publish(team('paid', 'business', 'active', version => 11));
ok(until_true(sub { said('/gate?p=owner&t=paid') =~ / 11 business/ }, 2),
    'and is heard');

my ($worker) = map { /^(\d+)/ } grep { /nginx: worker/ }
    split /^/, `ps --ppid @{[nginx_pid()]} -o pid=,args= | sed 's/^ *//'`;
kill 'KILL', $worker;
ok(until_true(sub { said('/gate?p=owner&t=paid') =~ /^200/ }, 3),
    'a killed worker takes nothing along');
publish(team('paid', 'team', 'active', version => 12));
ok(until_true(sub { said('/gate?p=owner&t=paid') =~ / 12 team/ }, 5),
    'notices come again');

my $conf = "$Test::Nginx::Local::Server::ROOT/conf/nginx.conf";
system("sed -i 's/billing_zone billing 1m/billing_zone billing 2m/' $conf");
nginx_signal('HUP');
sleep 1.5;
like(said('/gate?p=owner&t=paid'), qr/^200 PASSED/,
    'another size at reload: a fresh zone');
system("sed -i 's/billing_require edit/billing_require nonsense/' $conf");
nginx_signal('HUP');
ok(until_true(sub { error_log() =~ /\[emerg\].*nonsense/ }, 3),
    'a wrong configuration is refused');
like(said('/gate?p=owner&t=paid'), qr/^200 PASSED/, 'the old one serves on');
nginx_stop(qr/exited on signal 9|nonsense/);

done_testing();
