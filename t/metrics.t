#!/usr/bin/perl

# What the host counts: by verdict and plan, from where, what Redis did not do
# and how long it took; as JSON and as a text that a strict reader takes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use JSON::PP ();
use POSIX ();
use Test::More;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep);

my $dir = fixture();
seed();
$Test::Nginx::Local::Server::MASTER = 'on';
$Test::Nginx::Local::Server::WORKERS = 2;

my %text = (log_level => 'info', http_config => $ENV{TEST_NGINX_BILLING},
    config => <<'CONF');
    billing_profile $arg_p@example.test;
    billing_team $arg_t;
    billing_cache_ttl 1s;
    location = /view { billing_require view; empty_gif; }
    location = /voting { billing_require voting; empty_gif; }
    location = /stale { billing_cache_max_age 1s; billing_require view; empty_gif; }
    location = /billing/status { billing_api; }
CONF
nginx_start(%text);

# The text as numbers by name and labels; dies on what Prometheus would not
# take, and on what its own linter complains about.

sub scrape {
    my ($status, $head, $body) = get('/billing/status?format=prometheus');
    die "status $status\n" if $status != 200;
    $head =~ m{^Content-Type: text/plain; version=0\.0\.4; charset=utf-8\r$}m
        or die "wrong type: $head\n";
    $body =~ /\n\z/ or die "no line end\n";
    my (%value, %type, %help, $family, %closed);
    for my $line (split /\n/, $body, -1) {
        next if $line eq '';
        if ($line =~ /^# HELP ([a-zA-Z_:][\w:]*) (\S.*)$/) {
            die "$1 has two HELP\n" if $help{$1}++;
            die "$1 has come before\n" if $closed{$1};
            die "$2 ends without a point\n" if substr($2, -1) ne '.';
            $closed{$family} = 1 if defined $family;
            $family = $1;
            next;
        }
        if ($line =~ /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram)$/) {
            my ($name, $type) = ($1, $2);
            die "$name: TYPE away from HELP\n" if $name ne $family;
            die "$name has two TYPE\n" if $type{$name};
            die "$name: a counter ends in _total\n"
                if ($type eq 'counter') != ($name =~ /_total$/);
            $type{$name} = $type;
            next;
        }
        $line =~ /^([a-zA-Z_:][\w:]*)(\{[^}]*\})? (\d+(?:\.\d+)?)$/
            or die "no sample: $line\n";
        my ($name, $labels, $number) = ($1, $2 // '', $3);
        (my $base = $name) =~ s/_(?:bucket|sum|count)$//
            if ($type{$family} // '') eq 'histogram';
        die "$name is not of $family\n" if ($base // $name) ne $family;
        die "$family has no type\n" if !$type{$family};
        $name =~ /^nginx_billing_[a-z_]+$/ or die "$name: its name\n";
        my %label;
        for my $pair (split /,/, $labels =~ s/^\{|\}$//gr) {
            $pair =~ /^(verdict|plan|result|kind|state|le)="([\w.+]+)"$/
                or die "a label of $line\n";
            die "twice $1 in $line\n" if $label{$1}++;
        }
        die "twice: $name$labels\n" if exists $value{"$name$labels"};
        $value{"$name$labels"} = $number;
    }
    for my $name (grep { $type{$_} eq 'histogram' } keys %type) {
        my @buckets = grep { /^\Q$name\E_bucket/ } keys %value;
        my @le = sort { $a <=> $b } map { /le="([\d.]+)"/ ? $1 : () } @buckets;
        @le == @buckets - 1 or die "$name: one bucket is +Inf\n";
        my $last = 0;
        for my $count (map { $value{"${name}_bucket{le=\"$_\"}"} } @le, '+Inf') {
            die "$name: buckets fall\n" if $count < $last;
            $last = $count;
        }
        $last == $value{"${name}_count"} or die "$name: +Inf is not count\n";
        exists $value{"${name}_sum"} or die "$name has no sum\n";
    }
    die "no type or no help\n" if join(' ', sort keys %type)
        ne join ' ', sort keys %help;
    return { map { s/^nginx_billing_//r => $value{$_} } keys %value };
}

sub decided {
    my ($n, $verdict, $plan) = @_;
    return $n->{"decisions_total{verdict=\"$verdict\",plan=\"$plan\"}"};
}


# --- decisions ----------------------------------------------------------------

my $n = scrape();
ok(1, 'the text is one that Prometheus takes');
open my $in, '<', "$FindBin::Bin/../doc/metrics.md" or die $!;
my %told = map { /^\| `nginx_billing_(\w+)` \|/ ? ($1 => 1) : () } <$in>;
close $in;
my %there = map { s/\{.*//r =~ s/^(redis_seconds)_\w+$/$1/r => 1 } keys %$n;
is_deeply(\%told, \%there, 'doc/metrics.md tells each of them, and no other');

is(decided($n, 'passed', $_), 0, "nothing yet of $_")
    for qw(none free team business consultant enterprise education);

get("/view?p=owner&t=$_") for qw(free paid business paid);
get('/voting?p=owner&t=free');
get('/voting?p=guest&t=paid');
get('/view?p=owner&t=nothing');
get('/view?p=&t=paid');

$n = scrape();
is(decided($n, 'passed', 'free'), 1, 'passed, Free');
is(decided($n, 'passed', 'team'), 3, 'passed, Team');
is(decided($n, 'passed', 'business'), 1, 'passed, Business');
is(decided($n, 'refused', 'free'), 1, 'refused, Free');
is(decided($n, 'unknown', 'none'), 1, 'unknown, of no plan');
is(decided($n, 'refused', 'none'), 1, 'nobody is refused, of no plan');

my $json = counters();
my $sum = 0;
$sum += $n->{$_} for grep { /^decisions_total/ } keys %$n;
is($sum, 8, 'one for each request');
my $from = $n->{'cache_total{result="hit"}'}
    + $n->{'cache_total{result="miss"}'} + $n->{'cache_total{result="stale"}'};
is($from, 8, 'and each from somewhere');
is_deeply($json->{decisions}{passed},
    { free => 1, team => 3, business => 1 }, 'JSON says the same');
is($json->{counters}{passed}, 5, 'and the sums: passed');
is($json->{counters}{refused}, 2, 'refused');
is($json->{counters}{unknown}, 1, 'unknown');
is($json->{counters}{hit} + $json->{counters}{miss}, 8, 'from somewhere');

my (undef, undef, $all) = get('/billing/status');
my (undef, undef, $words) = get('/billing/status?format=prometheus');
unlike("$all$words", qr/example|owner|paid\b|nothing/,
    'no team and nobody is named');

my ($promtool) = grep { -x } map { "$_/promtool" } split /:/, $ENV{PATH};

SKIP: {
    skip 'no promtool: tools/setup monitoring', 1 if !defined $promtool;

    open my $tool, '|-', "$promtool check metrics > $dir/promtool 2>&1" or die $!;
    print $tool $words;
    my $taken = close $tool;
    open my $said, '<', "$dir/promtool" or die $!;
    ok($taken, 'promtool finds nothing to say') or diag(<$said>);
}


# --- Redis --------------------------------------------------------------------

ok($n->{redis_seconds_count} >= 5, 'replies of Redis are measured');
ok($n->{redis_seconds_sum} > 0 && $n->{redis_seconds_sum} < 60,
    'in seconds');
is($n->{'redis_errors_total{kind="reply"}'}, 0, 'no errors');
is($n->{redis_up}, 1, 'it is up');
ok(until_true(sub { scrape()->{'redis_breaker{state="closed"}'} == 2 }),
    'both processes have closed breakers');
ok(until_true(sub { my $lag = scrape()->{notice_lag_seconds};
    $lag > 0 && $lag < 10 }), 'the lag of notices is measured');
is(scrape()->{link_up}, 1, 'changes are heard');

redis('DEL', 'billing:1:{odd}:team');
redis('RPUSH', 'billing:1:{odd}:team', 'x');
get('/view?p=owner&t=odd');
ok(until_true(sub { scrape()->{'redis_errors_total{kind="reply"}'} > 0 }),
    'an error reply is one of its kind');

my $before = scrape();
redis_signal('STOP');
get('/view?p=owner&t=away', async => 1);
ok(until_true(sub { scrape()->{redis_outstanding} > 0 }),
    'what Redis does not answer is outstanding');
ok(until_true(sub { scrape()->{'redis_errors_total{kind="timeout"}'}
    > $before->{'redis_errors_total{kind="timeout"}'} }, 10),
    'and then a timeout');
redis_signal('CONT');
ok(until_true(sub { scrape()->{redis_outstanding} == 0 }, 10),
    'nothing is outstanding when it goes on');
ok(until_true(sub {
    scrape()->{'redis_breaker{state="closed"}'} == 2 }, 10), 'closed again');

redis_stop();
ok(until_true(sub { my $n = scrape();
    $n->{'redis_errors_total{kind="lost"}'} > 0
        && $n->{'redis_errors_total{kind="unreached"}'} > 0 }, 10),
    'a link that falls, and connections that are not to be had');
ok(until_true(sub { my $n = scrape();
    $n->{'redis_breaker{state="closed"}'} == 0
        && $n->{'redis_breaker{state="open"}'} > 0 }, 10), 'breakers are open');
is(scrape()->{link_up}, 0, 'nothing is heard');
sleep 1.2;
get('/stale?p=owner&t=paid');
$n = scrape();
is(decided($n, 'stale', 'team'), 1, 'decided on what is old: stale');
is($n->{'cache_total{result="stale"}'}, 1, 'and so it is counted');
is($n->{redis_up}, 0, 'Redis is down');


# --- the zone, and a reload ---------------------------------------------------

is($n->{zone_entries}, counters()->{zone}{entries}, 'entries are counted');
ok($n->{zone_entries} >= 6, 'teams and people');
ok($n->{zone_oldest_seconds} >= 1, 'the oldest is not new');

redis_start();
seed();
$before = scrape();
my $old = nginx_pid();
nginx_signal('HUP');
ok(until_true(sub { error_log() =~ /gracefully shutting down/ }, 10),
    'a reload');
$n = scrape();
for my $name (grep { /_total|_count|_bucket/ } sort keys %$before) {
    next if $n->{$name} >= $before->{$name};
    fail("$name fell from $before->{$name} to $n->{$name}");
}
is(decided($n, 'passed', 'team'), 3, 'counters survive it');
get('/view?p=owner&t=paid') for 1 .. 2;
is(decided(scrape(), 'passed', 'team') + decided(scrape(), 'stale', 'team'),
    6, 'and count on');

# Many at once: not one is lost.

$before = scrape();
my @clients = map { fork() || do {
    get('/view?p=owner&t=business') for 1 .. 50;
    POSIX::_exit(0) } } 1 .. 4;
waitpid $_, 0 for @clients;
my $after = scrape();
my $counted = 0;
for my $name (grep { /^decisions_total/ } keys %$after) {
    $counted += $after->{$name} - $before->{$name};
}
is($counted, 200, '200 requests of 4 clients by 2 processes are 200');

nginx_stop(qr/./);
done_testing();
