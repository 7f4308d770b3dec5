#!/usr/bin/perl

# The security log: each event once, as one line of JSON, in printable ASCII,
# without what must not stand in a log (P51, P53); so many of each in a second;
# in a file that nginx opens again, or on its way to another host.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use FakeWorker;
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep);

my $dir = fixture();
my $log = "$dir/security.log";
my $ctl = ($ENV{BILLING_BUILD} || "$FindBin::Bin/../build/release")
    . '/billingctl';

seed();

my $syslog = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1')
    or die "no socket: $!";

my $config = <<'CONF';
    location / { billing_api; }
    location ~ ^/boards/(?<b>[^/"\\\\]*) {
        billing_profile $http_x_profile; billing_board $b;
        billing_require view; empty_gif;
        error_page 404 /none;
    }
    location = /none { internal; billing_require off; return 404 "none\n"; }
    location /again/ {
        billing_profile $http_x_profile; billing_team paid;
        billing_require view; error_page 403 /again/; empty_gif;
    }
    location /dry { billing_profile $http_x_profile; billing_team paid;
        billing_dry_run on; billing_require view; empty_gif; }
    location /jwt { billing_profile $billing_jwt_profile; billing_team paid;
        billing_require view; empty_gif; }
    location /few { billing_profile $http_x_profile; billing_team paid;
        billing_require view; empty_gif; }
CONF

sub up {
    my ($directive) = @_;
    $Test::Nginx::Local::Server::MASTER = 'on';
    $Test::Nginx::Local::Server::WORKERS = 1;
    $Test::Nginx::Local::Server::ROOT_LOCATION = 0;
    nginx_start(http_config => "$ENV{TEST_NGINX_BILLING} $directive",
        config => $config);
}

# What has been written since the last time, each a line as it must be.

my $seen = 0;

sub events {
    my ($name) = @_;
    open my $in, '<:raw', $name // $log or return ();
    my @lines = <$in>;
    my @new = @lines[$seen .. $#lines];
    $seen = @lines;
    return map {
        like($_, qr/\A\{[\x20-\x7e]*\}\n\z/, 'a line in printable ASCII');
        JSON::PP->new->utf8->decode($_);
    } @new;
}

sub names { return join ' ', map { $_->{event} } @_ }

my @canaries = ('owner@example.test', 'stranger@example.test');
sub canary { push @canaries, 'canary' . join('', map { int rand 10 } 1 .. 20);
    return $canaries[-1] }

my $json = 'Content-Type: application/json';

# --- each event, once -------------------------------------------------------------

up("billing_security_log $log rate=20; billing_jwt_key HS256 $dir/master; "
    . 'billing_jwt_issuer https://id.example.test; billing_jwt_audience boards;');

is((get('/boards/paid1', headers => ['X-Profile: owner@example.test']))[0],
    200, 'who may passes');
is((get('/dry', headers => ['X-Profile: stranger@example.test']))[0], 200,
    'and who may not, on a dry run');
is(names(events()), '', 'neither is an event');

get('/boards/paid2', headers => ['X-Profile: stranger@example.test']);
my ($e, @more) = events();
is_deeply([@$e{qw(event reason status team board peer route)}, scalar @more],
    ['gate_refused', 'NOT_A_MEMBER', 403, 'paid', 'paid2', '127.0.0.1',
        '^/boards/(?<b>[^/"\\\\]*)', 0], 'the gate refuses');
like($e->{time}, qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'then');
like($e->{request}, qr/^[0-9a-f]{32}$/, 'which request');
ok(!exists $e->{trace}, 'no trace but that');
chomp(my @who = qx($ctl -c $dir/billing.json who Stranger\@Example.test));
is(scalar @who, 2, 'billingctl who has a line for each secret');
is($e->{who}, $who[0], 'the first is whom the log names');
like($e->{who}, qr/^[0-9a-f]{16}$/, 'by a pseudonym');

get('/again/x', headers => ['X-Profile: stranger@example.test']);
is(names(events()), 'gate_refused', 'once, wherever nginx is led then');

my $trace = '0af7651916cd43dd8448eb211c80319c';
my $evil = canary();
get("/boards/%22%7D%0A%7B%ff$evil", headers => [
    'X-Profile: stranger@example.test',
    "traceparent: 00-$trace-b7ad6b7169203331-01", "User-Agent: $evil"]);
($e, @more) = events();
is_deeply([@$e{qw(event board trace)}, scalar @more],
    ['gate_refused', undef, $trace, 0], 'a hostile path is not told');

for my $case (
    ['api_refused', 'UNAUTHENTICATED', '/billing/overview?team=paid'],
    ['session_bad api_refused', 'UNAUTHENTICATED',
        '/billing/overview?team=paid',
        headers => [cookie('owner@example.test', foreign => 1)]],
    ['session_bad api_refused', 'UNAUTHENTICATED', '/dashboard',
        headers => ['Cookie: billing_session=' . canary()]],
    ['api_refused', 'UNAUTHENTICATED', '/billing/overview?team=paid',
        headers => [cookie('owner@example.test', expires => time - 1)]],
    ['csrf_bad', 'CSRF', '/dashboard/teams', method => 'POST',
        body => '{"name":"x"}', headers => [cookie('owner@example.test'),
            $json, 'X-CSRF-Token: ' . canary()]],
    ['csrf_bad', 'CSRF', '/demo/login', method => 'POST', body => '{}',
        headers => [$json, 'Origin: https://elsewhere.example.test']],
    ['key_bad api_refused', 'UNAUTHENTICATED', '/app/v1/events',
        headers => ['Authorization: Bearer ' . canary()]],
    ['token_bad gate_refused', 'UNAUTHENTICATED', '/jwt',
        headers => ['Authorization: Bearer ' . canary()]],
    ['token_bad gate_refused', 'UNAUTHENTICATED', '/jwt',
        headers => ['Authorization: Bearer e30.e30.' . canary()]],
    ['gate_refused', 'UNAUTHENTICATED', '/jwt'],
    ['card_number', 'CARD_NUMBER_REFUSED', '/dashboard/teams',
        method => 'POST', body => '{"name":"4242 4242 4242 4242"}',
        headers => [split /\n/, logged_in('owner@example.test')]],
) {
    my ($names, $reason, @request) = @$case;
    get(@request);
    my @got = events();
    is(names(@got), $names, "$names: $request[0]");
    is($got[-1]{reason}, $reason, "$reason");
}
push @canaries, '4242';

get('/billing/webhook', method => 'POST', body => '{"id":"' . canary() . '"}',
    headers => [$json, 'Stripe-Signature: t=1,v1=00']) for 1 .. 11;
is(names(events()), join(' ', ('webhook_bad') x 11, 'limit_hit'),
    'webhooks that nobody signed, then too many of them');

# What the worker says, to whom, about which operation.

my $owner = [split /\n/, logged_in('owner@example.test')];

for my $case ([403, 'BILLING_RIGHTS', 'api_refused'],
    [404, 'TEAM_NOT_FOUND', 'api_refused'], [429, 'CARD_PAUSED', 'limit_hit'],
    [429, 'PURCHASE_PAUSED', 'limit_hit'], [409, 'LAST_ADMIN', ''])
{
    my ($status, $code, $name) = @$case;
    worker(qq({"status":$status,"problem":true,)
        . qq("body":{"code":"$code"}}));
    get('/dashboard/teams/paid/boards', method => 'POST',
        body => '{"title":"x"}', headers => $owner);
    ($e, @more) = events();
    is($e ? $e->{event} : '', $name, "$status $code");
    next if !$e;
    is_deeply([@$e{qw(reason status team route)}, scalar @more],
        [$code, $status, 'paid', 'POST /dashboard/teams/{team}/boards', 0],
        'what and where');
    like($e->{op}, qr/^op_[0-9a-f]{32}$/, 'which operation');
    chomp(@who = qx($ctl -c $dir/billing.json who owner\@example.test));
    is($e->{who}, $who[0], 'who');
}
worker('{}');

get('/nowhere', headers => $owner);
is(names(events()), '', 'an address that is nobody\'s is no event');

redis('SET', 'billing:1:{free}:member:member@example.test',
    '1 member 1 1 {"roles":4} ' . canary());
get('/boards/free1', headers => ['X-Profile: member@example.test']);
is((grep { $_->{event} eq 'mac_bad' && $_->{what} eq 'record'
    && $_->{team} eq 'free' } events()), 1, 'a record that is not ours');

redis('PUBLISH', 'billing:1:notice', 'billing:1:{free}:team ' . canary());
ok(until_true(sub { grep { $_->{event} eq 'mac_bad'
    && $_->{what} eq 'notice' } events() }), 'a notice that is not ours');

# --- another file, and a reload ------------------------------------------------------

rename $log, "$log.1";
nginx_signal('USR1');
ok(until_true(sub { -e $log }), 'USR1 opens the file again');
$seen = 0;
ok(until_true(sub {
    get('/few', headers => ['X-Profile: stranger@example.test']);
    events();
}), 'and the worker process writes there');

open my $in, '<', "$log.1" or die;
my $all = do { local $/; <$in> };
is(join(' ', grep { index($all, $_) >= 0 } @canaries), '',
    'P51 no address, cookie, token, key, path or number in any line');
cmp_ok(length $all, '>', 2000, 'of many');

nginx_stop();

# --- so many a second ------------------------------------------------------------------

unlink $log;
$seen = 0;
up("billing_security_log $log rate=2;");
get('/few', headers => ['X-Profile: stranger@example.test']) for 1 .. 40;
get('/dashboard');
my @got;
ok(until_true(sub {
    push @got, events();
    my ($told, $left) = (0, 0);
    $told++ for grep { $_->{event} eq 'gate_refused' } @got;
    $left += $_->{lines}
        for grep { $_->{event} eq 'left_out' && $_->{of} eq 'gate_refused' } @got;
    $left > 0 && $told + $left == 40;
}, 5), 'of each event so many, and how many were left out')
    or diag explain \@got;
is((grep { $_->{event} eq 'api_refused' } @got), 1, 'no event hides another');

# Who ends says so before.

get('/few', headers => ['X-Profile: stranger@example.test']) for 1 .. 40;
nginx_stop();
push @got, events();
my $sum = 0;
$sum += $_->{event} eq 'left_out' ? $_->{lines} : 1
    for grep { ($_->{of} // $_->{event}) eq 'gate_refused' } @got;
is($sum, 80, 'also when nginx ends');

# --- syslog, and none ------------------------------------------------------------------

up('billing_security_log syslog:server=127.0.0.1:' . $syslog->sockport
    . ',tag=watched,facility=authpriv;');
get('/few', headers => ['X-Profile: stranger@example.test']);
my $text = '';
my $bits = '';
vec($bits, fileno $syslog, 1) = 1;
$syslog->recv($text, 4096) if select $bits, undef, undef, 5;
like($text, qr/\A<8\d>\w{3} .* watched: (\{"time":.*"event":"gate_refused".*\})\z/,
    'one datagram, by nginx\'s own syslog');
my ($line) = $text =~ /watched: (.*)\z/s;
is(eval { JSON::PP::decode_json($line)->{team} }, 'paid', 'which is JSON');
nginx_stop();

$seen = 0;
unlink $log;
up('billing_security_log off;');
get('/few', headers => ['X-Profile: stranger@example.test']);
ok(!-e $log, 'none where it is off');
nginx_stop();

done_testing();
